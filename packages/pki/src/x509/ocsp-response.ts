import type { RevocationReason } from '@kydai/contracts';
import { DerReader } from '../der/reader.ts';
import { contextConstructed, contextTag, Tag } from '../der/tag.ts';
import {
  bitString,
  context,
  contextPrimitive,
  enumerated,
  generalizedTime,
  octetString,
  oid,
  sequence,
} from '../der/writer.ts';
import { PkiError } from '../error.ts';
import { reasonCode } from './crl.ts';
import { type Extension, encodeExtensions } from './extension.ts';
import { Oid } from './oids.ts';
import { encodeAlgorithm, readAlgorithm, type SignatureAlgorithm } from './signature.ts';

/** OCSPResponseStatus (RFC 6960 section 4.2.1). */
export const OcspStatus = {
  successful: 0,
  malformedRequest: 1,
  internalError: 2,
  tryLater: 3,
  unauthorized: 6,
} as const;

export type CertificateState =
  | { readonly state: 'good' }
  | { readonly state: 'unknown' }
  | { readonly state: 'revoked'; readonly at: number; readonly reason: RevocationReason };

export interface SingleResponse {
  /** CertID as it was asked. */
  readonly certId: Uint8Array;
  readonly status: CertificateState;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
}

export interface ResponseFields {
  /** SHA-1 of the responder's key bits (`byKey`). */
  readonly responderKeyHash: Uint8Array;
  readonly producedAt: number;
  readonly responses: readonly SingleResponse[];
  readonly extensions: readonly Extension[];
}

/** An answer that says only why there is none; it carries no signature (RFC 6960 section 2.3). */
export function encodeOcspError(status: Exclude<keyof typeof OcspStatus, 'successful'>): Uint8Array {
  return sequence(enumerated(OcspStatus[status]));
}

/** ResponseData, to be signed. */
export function encodeResponseData(fields: ResponseFields): Uint8Array {
  return sequence(
    context(2, octetString(fields.responderKeyHash)),
    generalizedTime(fields.producedAt),
    sequence(
      ...fields.responses.map((single) =>
        sequence(
          single.certId,
          encodeStatus(single.status),
          generalizedTime(single.thisUpdate),
          context(0, generalizedTime(single.nextUpdate)),
        ),
      ),
    ),
    ...(fields.extensions.length === 0 ? [] : [context(1, encodeExtensions(fields.extensions))]),
  );
}

function encodeStatus(status: CertificateState): Uint8Array {
  if (status.state === 'good') return contextPrimitive(0, new Uint8Array(0));
  if (status.state === 'unknown') return contextPrimitive(2, new Uint8Array(0));
  const code = reasonCode(status.reason);
  return context(1, generalizedTime(status.at), ...(code === 0 ? [] : [context(0, enumerated(code))]));
}

/** The successful response around signed ResponseData and the certificates that prove the responder. */
export function encodeOcspResponse(
  data: Uint8Array,
  algorithm: SignatureAlgorithm,
  signature: Uint8Array,
  certificates: readonly Uint8Array[],
): Uint8Array {
  const basic = sequence(
    data,
    encodeAlgorithm(algorithm),
    bitString(signature),
    ...(certificates.length === 0 ? [] : [context(0, sequence(...certificates))]),
  );
  return sequence(
    enumerated(OcspStatus.successful),
    context(0, sequence(oid(Oid.ocspBasic), octetString(basic))),
  );
}

export interface ParsedOcspResponse {
  /** 0 for successful; the members below are there only then. */
  readonly status: number;
  readonly data?: Uint8Array;
  readonly producedAt?: number;
  readonly singles: readonly ParsedSingle[];
  readonly signatureAlgorithm?: SignatureAlgorithm;
  readonly signature?: Uint8Array;
  readonly certificates: readonly Uint8Array[];
}

export interface ParsedSingle {
  readonly certId: Uint8Array;
  readonly state: CertificateState['state'];
  /** Epoch milliseconds, for revoked. */
  readonly revokedAt?: number;
  /** CRLReason code, for revoked where one is given. */
  readonly reason?: number;
  readonly thisUpdate: number;
  readonly nextUpdate?: number;
}

/** Reads an OCSP response; checks no signature. For clients of ours and for tests. */
export function readOcspResponse(der: Uint8Array): ParsedOcspResponse {
  const top = DerReader.over(der);
  const outer = top.sequence();
  top.end();
  const status = outer.small(Tag.enumerated);
  const holder = outer.optional(0);
  outer.end();
  if (holder === undefined) return { status, singles: [], certificates: [] };
  const typed = holder.sequence();
  if (typed.oid() !== Oid.ocspBasic) throw new PkiError('malformed-der', 'OCSP response is not a basic one');
  const basic = DerReader.over(typed.octetString()).sequence();
  const data = basic.raw();
  const signatureAlgorithm = readAlgorithm(basic);
  const signature = basic.wholeBits();
  const certificates: Uint8Array[] = [];
  const list = basic.optional(0)?.sequence();
  while (list?.more === true) certificates.push(list.raw());
  basic.end();
  const body = DerReader.over(data).sequence();
  body.optional(0);
  body.raw();
  const producedAt = body.time();
  const responses = body.sequence();
  const singles: ParsedSingle[] = [];
  while (responses.more) singles.push(readSingle(responses.sequence()));
  return { status, data, producedAt, singles, signatureAlgorithm, signature, certificates };
}

function readSingle(single: DerReader): ParsedSingle {
  const certId = single.raw();
  const tag = single.peek();
  let found: Pick<ParsedSingle, 'state' | 'revokedAt' | 'reason'> = { state: 'unknown' };
  if (tag === contextConstructed(1)) {
    const revoked = single.enter(tag);
    const revokedAt = revoked.time();
    const reason = revoked.optional(0)?.small(Tag.enumerated);
    found = { state: 'revoked', revokedAt, ...(reason === undefined ? {} : { reason }) };
  } else {
    found = { state: tag === contextTag(0) ? 'good' : 'unknown' };
    single.raw();
  }
  const thisUpdate = single.time();
  const nextUpdate = single.optional(0)?.time();
  return { certId, ...found, thisUpdate, ...(nextUpdate === undefined ? {} : { nextUpdate }) };
}
