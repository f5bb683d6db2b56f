import type { ParsedCertificate } from './certificate.ts';
import { type Extension, extension, findExtension, readSubjectKeyIdentifier } from './extension.ts';
import { Oid } from './oids.ts';
import { keyIdentifier, readPublicKey } from './public-key.ts';

/**
 * The authority key identifier of what this authority signs: its own subject key identifier, which another authority may
 * have made by another method than ours (RFC 5280 section 4.2.1.1), or else one over its key.
 */
export function authorityKeyIdentifierOf(issuer: ParsedCertificate): Extension {
  const own = findExtension(issuer.extensions, Oid.subjectKeyIdentifier);
  return extension.authorityKeyIdentifier(
    own === undefined ? keyIdentifier(readPublicKey(issuer.publicKey)) : readSubjectKeyIdentifier(own.value),
  );
}
