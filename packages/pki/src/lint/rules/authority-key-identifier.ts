import { findExtension, readAuthorityKeyIdentifier, readSubjectKeyIdentifier } from '../../x509/extension.ts';
import { Oid } from '../../x509/oids.ts';
import type { ShapeRule } from '../rule.ts';

export const authorityKeyIdentifier: ShapeRule = {
  id: 'authority-key-identifier',
  citation: 'RFC 5280 section 4.2.1.1',
  check: ({ issuer, extension, profile }) => {
    const found = extension(Oid.authorityKeyIdentifier);
    if (found === undefined)
      return profile.issuer === 'self' ? undefined : 'authority key identifier is absent';
    const own = findExtension(issuer.extensions, Oid.subjectKeyIdentifier);
    const identifier = readAuthorityKeyIdentifier(found.value);
    if (found.critical || own === undefined || identifier === undefined)
      return 'authority key identifier is malformed';
    const same = Buffer.compare(identifier, readSubjectKeyIdentifier(own.value)) === 0;
    return same ? undefined : 'authority key identifier is not that of the issuer';
  },
};
