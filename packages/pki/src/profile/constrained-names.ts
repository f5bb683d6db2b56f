import { z } from 'zod';
import { isDnsName } from '../x509/dns-name.ts';
import { type Extension, extension } from '../x509/extension.ts';
import { type GeneralName, parseAddress, textName } from '../x509/general-name.ts';

/** Stands for the host of the public URL, a name or an address. */
const hostPlace = '$host';

const names = z
  .array(
    z.string().refine((text) => text === hostPlace || nameOf(text) !== undefined, {
      error: 'not `dns:<host>`, `email:<mailbox, host or .domain>`, `ip:<network>/<bits>` or `$host`',
    }),
  )
  .max(256)
  .refine((list) => new Set(list).size === list.length, { error: 'a name comes twice' })
  .readonly();

/**
 * What an authority may name and what not (RFC 5280 section 4.2.1.10), as text: `dns:hue.example` with all below it,
 * `email:lan@hue.example`, `email:hue.example` or `email:.hue.example`, `ip:10.0.0.0/8`, `$host`.
 */
export const ConstrainedNames = z
  .strictObject({ permitted: names.default([]), excluded: names.default([]) })
  .refine(({ permitted, excluded }) => permitted.length + excluded.length > 0, {
    error: 'neither permits nor excludes anything; leave it out',
  })
  .readonly();
export type ConstrainedNames = z.infer<typeof ConstrainedNames>;

/** The same with `$host` written out. */
export function hostIn({ permitted, excluded }: ConstrainedNames, host: string): ConstrainedNames {
  const { kind, bytes } = textName(host);
  const written = kind === 'ip' ? `ip:${host}/${bytes.length * 8}` : `dns:${host}`;
  const fill = (list: readonly string[]): string[] => [
    ...new Set(list.map((text) => (text === hostPlace ? written : text))),
  ];
  return { permitted: fill(permitted), excluded: fill(excluded) };
}

/** The extension; undefined where there are no constraints, or they are kept from another certificate. */
export function constraintsOf(constraints: ConstrainedNames | 'kept' | undefined): Extension | undefined {
  if (constraints === undefined || constraints === 'kept') return undefined;
  const [permitted, excluded] = [constraints.permitted, constraints.excluded].map((list) =>
    list.map((text) => nameOf(text)!),
  ) as [GeneralName[], GeneralName[]];
  return extension.nameConstraints(permitted, excluded);
}

function nameOf(text: string): GeneralName | undefined {
  const [, kind, value = ''] = /^(dns|email|ip):([\x21-\x7e]{1,253})$/.exec(text) ?? [];
  if (kind === 'ip') return networkOf(value);
  if (kind === 'dns' && isDnsName(value)) return textName(value);
  const [, domain = ''] = /^(?:[^@\s]+@|\.)?([^@]+)$/.exec(value) ?? [];
  return kind === 'email' && isDnsName(domain)
    ? { kind, text: value, bytes: Buffer.from(value, 'latin1') }
    : undefined;
}

/** Address and mask; undefined where the address has bits beyond the network's. */
function networkOf(text: string): GeneralName | undefined {
  const [, first = '', length = ''] = /^([^/]+)\/(0|[1-9][0-9]{0,2})$/.exec(text) ?? [];
  const address = parseAddress(first);
  const bits = Number(length);
  if (address === undefined || bits > address.length * 8) return undefined;
  const mask = address.map((_, index) => (0xff00 >> Math.min(8, Math.max(0, bits - index * 8))) & 0xff);
  if (address.some((octet, index) => (octet & ~mask[index]!) !== 0)) return undefined;
  return { kind: 'ip', text, bytes: Buffer.concat([address, mask]) };
}
