import { DerReader } from '../der/reader.ts';
import {
  boolean,
  context,
  contextPrimitive,
  integer,
  namedBits,
  nothing,
  octetString,
  oid,
  sequence,
} from '../der/writer.ts';
import { PkiError } from '../error.ts';
import { encodeGeneralName, encodeGeneralNames, type GeneralName } from './general-name.ts';
import { nameOfOid, Oid } from './oids.ts';

/** One extension (RFC 5280 section 4.1.2.9). `value` is the DER inside the OCTET STRING. */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
  /** The whole extension in DER, where it is used again and again: see `kept`. */
  readonly encoded?: Uint8Array;
}

/** The bits of keyUsage in the order of RFC 5280 section 4.2.1.3. */
export const keyUsages = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type KeyUsage = (typeof keyUsages)[number];

export interface BasicConstraints {
  readonly ca: boolean;
  readonly pathLength?: number;
}

/** The same extension, encoded once. */
export function kept({ oid, critical, value }: Extension): Extension {
  return { oid, critical, value, encoded: encodeExtension({ oid, critical, value }) };
}

export function encodeExtension(extension: Extension): Uint8Array {
  if (extension.encoded !== undefined) return extension.encoded;
  const value = octetString(extension.value);
  return extension.critical
    ? sequence(oid(extension.oid), boolean(true), value)
    : sequence(oid(extension.oid), value);
}

export function encodeExtensions(extensions: readonly Extension[]): Uint8Array {
  return sequence(...extensions.map(encodeExtension));
}

/** Reads `Extensions`; at most 64, none twice (RFC 5280 section 4.2), `critical` never written when false. */
export function readExtensions(reader: DerReader): Extension[] {
  const list = reader.sequence();
  const seen = new Set<string>();
  const extensions: Extension[] = [];
  while (list.more) {
    if (seen.size >= 64) throw new PkiError('malformed-der', 'more than 64 extensions');
    const item = list.sequence();
    const type = item.oid();
    let critical = false;
    if (item.peek() === 0x01) {
      critical = item.boolean();
      if (!critical) throw new PkiError('malformed-der', 'default value of `critical` is written out');
    }
    const value = item.octetString();
    item.end();
    if (seen.has(type)) throw new PkiError('malformed-der', `extension \`${nameOfOid(type)}\` comes twice`);
    seen.add(type);
    extensions.push({ oid: type, critical, value });
  }
  if (extensions.length === 0) throw new PkiError('malformed-der', 'list of extensions is empty');
  return extensions;
}

export function findExtension(extensions: readonly Extension[], type: string): Extension | undefined {
  return extensions.find((extension) => extension.oid === type);
}

/** The extensions that we issue. */
export const extension = {
  basicConstraints: (ca: boolean, pathLength?: number): Extension => ({
    oid: Oid.basicConstraints,
    critical: true,
    value: ca
      ? sequence(boolean(true), ...(pathLength === undefined ? [] : [integer(pathLength)]))
      : sequence(),
  }),
  keyUsage: (usages: readonly KeyUsage[]): Extension => ({
    oid: Oid.keyUsage,
    critical: true,
    value: namedBits(usages.map((usage) => keyUsages.indexOf(usage))),
  }),
  extendedKeyUsage: (purposes: readonly string[]): Extension => ({
    oid: Oid.extendedKeyUsage,
    critical: false,
    value: sequence(...purposes.map(oid)),
  }),
  subjectAltName: (names: readonly GeneralName[], critical: boolean): Extension => ({
    oid: Oid.subjectAltName,
    critical,
    value: encodeGeneralNames(names),
  }),
  subjectKeyIdentifier: (identifier: Uint8Array): Extension => ({
    oid: Oid.subjectKeyIdentifier,
    critical: false,
    value: octetString(identifier),
  }),
  authorityKeyIdentifier: (identifier: Uint8Array): Extension => ({
    oid: Oid.authorityKeyIdentifier,
    critical: false,
    value: sequence(contextPrimitive(0, identifier)),
  }),
  crlDistributionPoint: (url: string): Extension => ({
    oid: Oid.crlDistributionPoints,
    critical: false,
    value: sequence(sequence(context(0, context(0, contextPrimitive(6, Buffer.from(url, 'latin1')))))),
  }),
  authorityInfoAccess: (ocsp: string | undefined, issuers: string): Extension => ({
    oid: Oid.authorityInfoAccess,
    critical: false,
    value: sequence(
      ...(ocsp === undefined
        ? []
        : [sequence(oid(Oid.ocsp), contextPrimitive(6, Buffer.from(ocsp, 'latin1')))]),
      sequence(oid(Oid.caIssuers), contextPrimitive(6, Buffer.from(issuers, 'latin1'))),
    ),
  }),
  nameConstraints: (permitted: readonly GeneralName[], excluded: readonly GeneralName[]): Extension => ({
    oid: Oid.nameConstraints,
    critical: true,
    value: sequence(
      ...(permitted.length === 0
        ? []
        : [context(0, ...permitted.map((name) => sequence(encodeGeneralName(name))))]),
      ...(excluded.length === 0
        ? []
        : [context(1, ...excluded.map((name) => sequence(encodeGeneralName(name))))]),
    ),
  }),
  noRevAvail: (): Extension => ({ oid: Oid.noRevAvail, critical: false, value: nothing() }),
  ocspNoCheck: (): Extension => ({ oid: Oid.ocspNoCheck, critical: false, value: nothing() }),
} as const;

export function readBasicConstraints(value: Uint8Array): BasicConstraints {
  return whole(value, (body) => {
    let ca = false;
    if (body.peek() === 0x01) {
      ca = body.boolean();
      if (!ca) throw new PkiError('malformed-der', 'default value of `cA` is written out');
    }
    return body.more ? { ca, pathLength: body.small() } : { ca };
  });
}

export function readKeyUsage(value: Uint8Array): KeyUsage[] {
  const reader = DerReader.over(value);
  const { bytes } = reader.bits();
  reader.end();
  return keyUsages.filter((_, bit) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0);
}

export function readExtendedKeyUsage(value: Uint8Array): string[] {
  return whole(value, (body) => {
    const purposes: string[] = [];
    while (body.more) purposes.push(body.oid());
    if (purposes.length === 0) throw new PkiError('malformed-der', 'list of extended key usages is empty');
    return purposes;
  });
}

export function readSubjectKeyIdentifier(value: Uint8Array): Uint8Array {
  const reader = DerReader.over(value);
  const identifier = reader.octetString();
  reader.end();
  return identifier;
}

/** The keyIdentifier member, undefined where the extension names the issuer in another way. */
export function readAuthorityKeyIdentifier(value: Uint8Array): Uint8Array | undefined {
  return whole(value, (body) => {
    const identifier = body.optionalPrimitive(0);
    while (body.more) body.raw();
    return identifier;
  });
}

/** The URLs of every distribution point. */
export function readDistributionPointUrls(value: Uint8Array): string[] {
  return whole(value, (list) => {
    const urls: string[] = [];
    while (list.more) {
      const point = list.sequence();
      const names = point.optional(0)?.optional(0);
      while (names?.more === true) {
        const url = names.optionalPrimitive(6);
        if (url === undefined) names.raw();
        else urls.push(Buffer.from(url).toString('latin1'));
      }
    }
    return urls;
  });
}

/** The URLs of one access method (`Oid.ocsp`, `Oid.caIssuers`). */
export function readAccessUrls(value: Uint8Array, method: string): string[] {
  return whole(value, (list) => {
    const urls: string[] = [];
    while (list.more) {
      const description = list.sequence();
      const matches = description.oid() === method;
      const url = description.optionalPrimitive(6);
      if (matches && url !== undefined) urls.push(Buffer.from(url).toString('latin1'));
    }
    return urls;
  });
}

function whole<T>(value: Uint8Array, read: (body: DerReader) => T): T {
  const top = DerReader.over(value);
  const body = top.sequence();
  top.end();
  const result = read(body);
  body.end();
  return result;
}
