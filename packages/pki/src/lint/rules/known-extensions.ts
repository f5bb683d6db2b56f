import { nameOfOid, Oid } from '../../x509/oids.ts';
import type { ShapeRule } from '../rule.ts';

export const knownExtensions: ShapeRule = {
  id: 'known-extensions',
  citation: 'RFC 5280 section 4.2; our profile: nothing in it that we did not mean',
  check: ({ certificate }) => {
    const found = certificate.extensions.find(({ oid }) => !known.has(oid));
    return found === undefined ? undefined : `extension ${nameOfOid(found.oid)} is not one that we issue`;
  },
};

const known: ReadonlySet<string> = new Set([
  Oid.basicConstraints,
  Oid.keyUsage,
  Oid.extendedKeyUsage,
  Oid.subjectAltName,
  Oid.subjectKeyIdentifier,
  Oid.authorityKeyIdentifier,
  Oid.crlDistributionPoints,
  Oid.authorityInfoAccess,
  Oid.nameConstraints,
  Oid.ocspNoCheck,
  Oid.noRevAvail,
]);
