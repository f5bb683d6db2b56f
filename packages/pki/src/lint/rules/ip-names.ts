import type { Rule } from '../rule.ts';

export const ipNames: Rule = {
  id: 'ip-names',
  citation: 'RFC 5280 section 4.2.1.6; RFC 1122 section 3.2.1.3; RFC 4291 sections 2.5.2, 2.5.5.2 and 2.7',
  check: ({ names }) => {
    for (const { kind, text, bytes } of names) {
      if (kind !== 'ip') continue;
      if (!isHost(bytes)) return `\`${text.slice(0, 80)}\` is the address of no host`;
    }
    return undefined;
  },
};

/** No network of its own (`0.0.0.0/8`, `::`), no group (multicast, broadcast), and IPv4 in four octets alone. */
function isHost(bytes: Uint8Array): boolean {
  const [first = 0] = bytes;
  if (bytes.length === 4) return first !== 0 && first < 224;
  const mapped =
    bytes.subarray(0, 10).every((octet) => octet === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return first !== 0xff && !mapped && bytes.some((octet) => octet !== 0);
}
