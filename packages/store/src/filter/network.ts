/** Networks in CIDR notation, as filters compare addresses with them. */
export type Network =
  /** A regular expression over folded text, the same in JavaScript and RE2. */
  | { readonly version: 4; readonly pattern: string }
  /** The first and the last address, as 32 hex digits. */
  | { readonly version: 6; readonly first: string; readonly last: string };

const octet = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
const dotted = new RegExp(`^${octet}(\\.${octet}){3}$`);

/** Reads `10.0.0.0/8` or `2001:db8::/32`; undefined for anything else. Bits beyond the prefix are ignored. */
export function readNetwork(text: string): Network | undefined {
  const found = /^([0-9a-fA-F.:]{2,45})\/(\d{1,3})$/.exec(text);
  if (found === null) return undefined;
  const address = found[1]!.toLowerCase();
  const prefix = Number(found[2]);
  if (dotted.test(address))
    return prefix <= 32 ? { version: 4, pattern: octets(address, prefix) } : undefined;
  const hex = expandIpv6(address);
  if (hex === undefined || prefix > 128) return undefined;
  const value = BigInt(`0x${hex}`);
  const host = (1n << BigInt(128 - prefix)) - 1n;
  const digits = (n: bigint) => n.toString(16).padStart(32, '0');
  return { version: 6, first: digits(value & ~host), last: digits(value | host) };
}

/** Matches the dotted addresses of a network, also where IPv6 notation wraps them (RFC 4291 section 2.5.5.2). */
function octets(address: string, prefix: number): string {
  const parts = address.split('.').map((part, at) => {
    const bits = Math.min(8, Math.max(0, prefix - at * 8));
    if (bits === 0) return octet;
    const width = 2 ** (8 - bits);
    const first = Math.floor(Number(part) / width) * width;
    const values = Array.from({ length: width }, (_, n) => first + n);
    return values.length === 1 ? String(first) : `(${values.join('|')})`;
  });
  return `(::ffff:)?${parts.join('\\.')}`;
}

/** The 32 hex digits of an IPv6 address in RFC 4291 notation (without an embedded dotted part); undefined otherwise. */
export function expandIpv6(address: string): string | undefined {
  if (!/^[0-9a-f:]{2,39}$/.test(address)) return undefined;
  const halves = address.split('::');
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  const given = groups.flat();
  if (!given.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return undefined;
  if (halves.length === 1 ? given.length !== 8 : given.length > 7) return undefined;
  const zeros = Array<string>(8 - given.length).fill('0');
  const all = halves.length === 1 ? given : [...groups[0]!, ...zeros, ...groups[1]!];
  return all.map((group) => group.padStart(4, '0')).join('');
}

/**
 * `expandIpv6` for DuckDB: NULL where the text is no such address. Macros of plain expressions, because tests of list
 * items cannot hold subqueries.
 */
export const ipv6Macros: readonly string[] = [
  `create or replace macro kydai_groups(half) as
    case when half is null or half = '' then [] else string_split(half, ':') end`,
  `create or replace macro kydai_hex(l, r) as array_to_string(list_transform(
    list_concat(l, list_transform(range(8 - len(l) - len(r)), lambda i: '0'), r), lambda x: lpad(x, 4, '0')), '')`,
  `create or replace macro kydai_expand(halves, l, r) as case
    when len(halves) > 2 or not list_bool_and(list_transform(list_concat(l, r), lambda x: regexp_full_match(x, '[0-9a-f]{1,4}'))) then null
    when len(halves) = 1 and len(l) <> 8 then null
    when len(halves) = 2 and len(l) + len(r) > 7 then null
    else kydai_hex(l, r) end`,
  `create or replace macro kydai_ipv6(address) as
    case when regexp_full_match(address, '[0-9a-f:]{2,39}') then kydai_expand(string_split(address, '::'),
      kydai_groups(string_split(address, '::')[1]), kydai_groups(string_split(address, '::')[2])) end`,
];
