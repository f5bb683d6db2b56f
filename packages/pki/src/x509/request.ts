import { hash } from 'node:crypto';
import { DerReader } from '../der/reader.ts';
import { context, integer, oid, sequence, setOf } from '../der/writer.ts';
import { PkiError } from '../error.ts';
import { type Extension, encodeExtensions, findExtension, readExtensions } from './extension.ts';
import { type GeneralName, readGeneralNames } from './general-name.ts';
import { type Name, readName } from './name.ts';
import { nameOfOid, Oid } from './oids.ts';
import { type PublicKey, readPublicKey } from './public-key.ts';
import { readAlgorithm, type SignatureAlgorithm, verifyAside } from './signature.ts';

/** A PKCS#10 request (RFC 2986) as it was read. */
export interface CertificateRequest {
  readonly der: Uint8Array;
  /** SHA-256 of the whole request, hex: a retry of the same request has the same digest. */
  readonly digest: string;
  readonly info: Uint8Array;
  readonly subject: Name;
  readonly publicKey: PublicKey;
  /** What the extensionRequest attribute asks for. */
  readonly extensions: readonly Extension[];
  /** From the requested subjectAltName; empty without one. */
  readonly names: readonly GeneralName[];
  readonly challengePassword?: string;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
}

/**
 * Reads a request. Attributes other than extensionRequest and challengePassword are refused by name, because what is
 * not understood would otherwise be dropped in silence (RFC 2986 section 4.1 lets anything stand there).
 */
export function readRequest(der: Uint8Array): CertificateRequest {
  const top = DerReader.over(der);
  const outer = top.sequence();
  top.end();
  const info = outer.raw();
  const signatureAlgorithm = readAlgorithm(outer);
  const signature = outer.wholeBits();
  outer.end();

  const body = DerReader.over(info).sequence();
  if (body.small() !== 0) throw new PkiError('malformed-request', 'request is not of version 1');
  const subject = readName(body);
  const publicKey = readPublicKey(body.raw());
  const { extensions, challengePassword } = readAttributes(body.optional(0));
  body.end();
  const alternative = findExtension(extensions, Oid.subjectAltName);
  return {
    der,
    digest: hash('sha256', der, 'hex'),
    info,
    subject,
    publicKey,
    extensions,
    names: alternative === undefined ? [] : readGeneralNames(alternative.value),
    ...(challengePassword === undefined ? {} : { challengePassword }),
    signatureAlgorithm,
    signature,
  };
}

interface Attributes {
  readonly extensions: readonly Extension[];
  readonly challengePassword: string | undefined;
}

function readAttributes(list: DerReader | undefined): Attributes {
  let extensions: readonly Extension[] = [];
  let challengePassword: string | undefined;
  const seen = new Set<string>();
  while (list?.more === true) {
    const attribute = list.sequence();
    const type = attribute.oid();
    const values = attribute.setOf();
    attribute.end();
    if (seen.has(type))
      throw new PkiError('malformed-request', `attribute \`${nameOfOid(type)}\` comes twice`);
    seen.add(type);
    if (type === Oid.extensionRequest) extensions = readExtensions(values);
    else if (type === Oid.challengePassword) challengePassword = values.string().text;
    else {
      throw new PkiError(
        'unsupported-attribute',
        `request holds the attribute \`${nameOfOid(type)}\`, which is not understood; make the request without it`,
      );
    }
    values.end();
  }
  return { extensions, challengePassword };
}

/** Rejects with `bad-signature` unless the request is signed with the key that it names (RFC 2986 section 4.2). */
export async function verifyRequest(request: CertificateRequest): Promise<void> {
  const { publicKey, signatureAlgorithm, info, signature } = request;
  if (!(await verifyAside(publicKey, signatureAlgorithm, info, signature))) {
    throw new PkiError('bad-signature', 'request is not signed by the key that it names; sign it again');
  }
}

export interface RequestFields {
  /** Names and key are complete DER elements. */
  readonly subject: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly extensions: readonly Extension[];
}

/** CertificationRequestInfo, to be signed by the requester and wrapped by `encodeSigned`. */
export function encodeRequestInfo(fields: RequestFields): Uint8Array {
  const { extensions } = fields;
  const attributes =
    extensions.length === 0 ? [] : [sequence(oid(Oid.extensionRequest), setOf(encodeExtensions(extensions)))];
  return sequence(integer(0), fields.subject, fields.publicKey, context(0, ...attributes));
}
