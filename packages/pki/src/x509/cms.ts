import { DerReader } from '../der/reader.ts';
import { contextConstructed, Tag } from '../der/tag.ts';
import { context, element, integer, oid, sequence } from '../der/writer.ts';
import { PkiError } from '../error.ts';
import { Oid } from './oids.ts';

/** A degenerate SignedData that only carries certificates (RFC 5272 section 4.1, RFC 5652 section 5). */
export function encodeCertsOnly(certificates: readonly Uint8Array[]): Uint8Array {
  const empty = element(Tag.set);
  return sequence(
    oid(Oid.signedData),
    context(0, sequence(integer(1), empty, sequence(oid(Oid.data)), context(0, ...certificates), empty)),
  );
}

/** The certificates of such a message; at most 64. Signatures, content and CRLs must be absent. */
export function readCertsOnly(der: Uint8Array): Uint8Array[] {
  const top = DerReader.over(der, { maxBytes: 1_048_576 });
  const outer = top.sequence();
  top.end();
  if (outer.oid() !== Oid.signedData) throw new PkiError('malformed-der', 'message is not SignedData');
  const holder = outer.enter(contextConstructed(0));
  outer.end();
  const body = holder.sequence();
  holder.end();
  if (body.small() !== 1) throw new PkiError('malformed-der', 'SignedData is not of version 1');
  body.enter(Tag.set).end();
  const content = body.sequence();
  if (content.oid() !== Oid.data)
    throw new PkiError('malformed-der', 'SignedData holds something other than data');
  content.end();
  const list = body.optional(0);
  const certificates: Uint8Array[] = [];
  while (list?.more === true) {
    if (certificates.length >= 64)
      throw new PkiError('malformed-der', 'message holds more than 64 certificates');
    certificates.push(list.raw());
  }
  body.optional(1)?.end();
  body.enter(Tag.set).end();
  body.end();
  return certificates;
}
