import { oid, sequence, setOf } from '../der/writer.ts';
import { Oid } from '../x509/oids.ts';

/**
 * What a device should put into its request (CsrAttrs, RFC 7030 section 4.5.2 and RFC 9908 section 3.2): an EC key on
 * P-256, and a signature with SHA-256. Other keys of the profile are taken too; this is the recommendation. Where requests
 * must be bound to their connection, also that: challengePassword (RFC 7030 section 3.5).
 */
export function encodeCsrAttributes(bound: boolean): Uint8Array {
  return sequence(
    sequence(oid(Oid.ecPublicKey), setOf(oid(Oid.p256))),
    oid(Oid.ecdsaWithSha256),
    ...(bound ? [oid(Oid.challengePassword)] : []),
  );
}
