import { Oid } from '../../x509/oids.ts';
import type { ShapeRule } from '../rule.ts';

export const ocspNoCheck: ShapeRule = {
  id: 'ocsp-no-check',
  citation: 'RFC 6960 section 4.2.2.2.1',
  check: ({ profile, extension }) => {
    const present = extension(Oid.ocspNoCheck) !== undefined;
    return present === profile.ocspNoCheck
      ? undefined
      : 'id-pkix-ocsp-nocheck goes with responders and only with them';
  },
};
