import { DerReader } from '../der/reader.ts';
import { PkiError } from '../error.ts';
import { isDnsName } from './dns-name.ts';
import { type GeneralName, readGeneralName } from './general-name.ts';
import type { Name } from './name.ts';

export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** Reads RFC 5280 section 4.2.1.10; `minimum` must be 0 (left out) and `maximum` absent, as that section demands. */
export function readNameConstraints(value: Uint8Array): NameConstraints {
  const top = DerReader.over(value);
  const body = top.sequence();
  top.end();
  const permitted = subtrees(body.optional(0));
  const excluded = subtrees(body.optional(1));
  body.end();
  return { permitted, excluded };
}

function subtrees(list: DerReader | undefined): GeneralName[] {
  const names: GeneralName[] = [];
  while (list?.more === true) {
    if (names.length >= 1024) throw new PkiError('malformed-der', 'more than 1024 name constraints');
    const subtree = list.sequence();
    names.push(readGeneralName(subtree));
    subtree.end();
  }
  return names;
}

const remembered = new WeakMap<Uint8Array, NameConstraints>();

/** As `readNameConstraints`, once for each extension: an authority's is looked at with every certificate it issues. */
export function nameConstraintsOf(value: Uint8Array): NameConstraints {
  const known = remembered.get(value);
  if (known !== undefined) return known;
  const constraints = readNameConstraints(value);
  remembered.set(value, constraints);
  return constraints;
}

/**
 * Why this name may not be in a certificate below these constraints; undefined when it may. What cannot be held against a
 * constraint of its kind is refused: a form that has no order of names, a URI whose host is no name.
 */
export function constraintFault(constraints: NameConstraints, name: GeneralName): string | undefined {
  const { permitted, excluded } = constraints;
  if (!isComparable(name) && [...permitted, ...excluded].some(({ kind }) => kind === name.kind))
    return `${name.kind} name \`${name.text}\` cannot be held against what the issuer permits`;
  const excluding = excluded.find((base) => base.kind === name.kind && within(base, name));
  if (excluding !== undefined) return `${name.kind} name \`${name.text}\` is excluded by the issuer`;
  const permits = permitted.filter((base) => base.kind === name.kind);
  if (permits.length === 0 || permits.some((base) => within(base, name))) return undefined;
  return `${name.kind} name \`${name.text}\` is outside what the issuer permits`;
}

function within(base: GeneralName, name: GeneralName): boolean {
  const limit = base.text.toLowerCase();
  const text = name.text.toLowerCase();
  switch (base.kind) {
    case 'dns':
      return limit === '' || text === limit || text.endsWith(limit.startsWith('.') ? limit : `.${limit}`);
    case 'email':
      if (limit.includes('@')) return text === limit;
      return limit.startsWith('.') ? text.endsWith(limit) : text.split('@').at(-1) === limit;
    case 'uri':
      return uriWithin(limit, text);
    case 'ip':
      return addressWithin(base.bytes, name.bytes);
    case 'directory':
      return base.name !== undefined && name.name !== undefined && directoryWithin(base.name, name.name);
    default:
      return false;
  }
}

const ordered: ReadonlySet<string> = new Set(['dns', 'email', 'uri', 'ip', 'directory']);

/** RFC 5280 section 4.2.1.10 demands that a URI with no host, or an address for one, is refused. */
function isComparable({ kind, text }: GeneralName): boolean {
  return kind === 'uri' ? isDnsName(hostOf(text)) : ordered.has(kind);
}

function hostOf(uri: string): string {
  return URL.parse(uri)?.hostname ?? '';
}

function uriWithin(limit: string, uri: string): boolean {
  const host = hostOf(uri);
  return limit.startsWith('.') ? host.endsWith(limit) : host === limit;
}

function addressWithin(base: Uint8Array, address: Uint8Array): boolean {
  const half = base.length / 2;
  if (address.length !== half) return false;
  return address.every(
    (octet, index) => (octet & base[half + index]!) === (base[index]! & base[half + index]!),
  );
}

/** The base's relative names are the first ones of the name (RFC 5280 section 7.1 compares without case and blanks). */
export function directoryWithin(base: Name, name: Name): boolean {
  if (base.rdns.length > name.rdns.length) return false;
  return base.rdns.every((rdn, index) => comparable(rdn) === comparable(name.rdns[index]!));
}

/** One relative name in a form that compares as RFC 5280 section 7.1 asks, in the part of RFC 4518 that matters. */
export function comparable(rdn: Name['rdns'][number]): string {
  return rdn
    .map(({ oid, text }) => `${oid}=${text.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase()}`)
    .sort()
    .join('+');
}
