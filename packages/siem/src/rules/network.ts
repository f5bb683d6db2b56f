/** An IP network: 128 bits as four unsigned 32-bit words, IPv4 mapped into IPv6 (RFC 4291 section 2.5.5.2). */
export interface Network {
  readonly words: readonly [number, number, number, number];
  readonly bits: number;
}

/** Reads `10.0.0.0/8`, `fe80::/10` or a single address; undefined when it is neither. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const words = parseAddress(address);
  if (!words) return undefined;
  const width = address.includes(':') ? 128 : 32;
  const length = slash < 0 ? width : readInteger(text.slice(slash + 1), width);
  return length === undefined ? undefined : { words, bits: length + 128 - width };
}

export function inNetwork(network: Network, text: string): boolean {
  const words = parseAddress(text);
  if (!words) return false;
  for (let index = 0; index < 4; index++) {
    const bits = Math.min(32, Math.max(0, network.bits - 32 * index));
    if (bits === 0) break;
    if ((words[index]! ^ network.words[index]!) >>> (32 - bits) !== 0) return false;
  }
  return true;
}

/** Reads an IPv4 address in dotted decimal or an IPv6 address (RFC 4291 section 2.2), without zone; else undefined. */
export function parseAddress(text: string): readonly [number, number, number, number] | undefined {
  if (text.length > 45) return undefined;
  if (!text.includes(':')) {
    const word = parseDotted(text);
    return word === undefined ? undefined : [0, 0, 0xffff, word];
  }
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const left = parseGroups(halves[0]!, halves.length === 1);
  const right = halves.length === 2 ? parseGroups(halves[1]!, true) : [];
  if (!left || !right) return undefined;
  const missing = 8 - left.length - right.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...left, ...new Array<number>(missing).fill(0), ...right];
  const word = (index: number) => ((groups[index]! << 16) | groups[index + 1]!) >>> 0;
  return [word(0), word(2), word(4), word(6)];
}

function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (last && index === parts.length - 1 && part.includes('.')) {
      const word = parseDotted(part);
      if (word === undefined) return undefined;
      groups.push(word >>> 16, word & 0xffff);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

function parseDotted(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let word = 0;
  for (const part of parts) {
    const octet = readInteger(part, 255);
    if (octet === undefined) return undefined;
    word = word * 256 + octet;
  }
  return word;
}

function readInteger(text: string, max: number): number | undefined {
  if (!/^(?:0|[1-9]\d{0,2})$/.test(text)) return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}
