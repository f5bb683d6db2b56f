import { Oid } from '../../x509/oids.ts';
import type { Rule } from '../rule.ts';

export const subjectPresent: Rule = {
  id: 'subject-present',
  citation: 'RFC 5280 section 4.1.2.6',
  check: ({ certificate, names, profile, extension }) => {
    if (certificate.subject.rdns.length > 0) return undefined;
    if (profile.authority !== undefined) return 'an authority has an empty subject';
    if (names.length === 0) return 'it names nobody: subject and alternative names are empty';
    return extension(Oid.subjectAltName)?.critical === true
      ? undefined
      : 'subject is empty and the alternative names are not critical';
  },
};
