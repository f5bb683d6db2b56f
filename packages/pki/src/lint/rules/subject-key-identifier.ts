import { readSubjectKeyIdentifier } from '../../x509/extension.ts';
import { Oid } from '../../x509/oids.ts';
import { keyIdentifier } from '../../x509/public-key.ts';
import type { Rule } from '../rule.ts';

export const subjectKeyIdentifier: Rule = {
  id: 'subject-key-identifier',
  citation: 'RFC 5280 section 4.2.1.2; RFC 7093 section 2',
  check: ({ publicKey, extension }) => {
    const found = extension(Oid.subjectKeyIdentifier);
    if (found === undefined || found.critical) return 'subject key identifier is absent or critical';
    const same = Buffer.compare(readSubjectKeyIdentifier(found.value), keyIdentifier(publicKey)) === 0;
    return same ? undefined : 'subject key identifier is not that of the key';
  },
};
