import { sameName } from '../../x509/name.ts';
import type { ShapeRule } from '../rule.ts';

export const issuerName: ShapeRule = {
  id: 'issuer-name',
  citation: 'RFC 5280 section 4.1.2.4',
  check: ({ certificate, issuer }) => {
    if (certificate.issuer.rdns.length === 0) return 'issuer is empty';
    return sameName(certificate.issuer, issuer.subject)
      ? undefined
      : 'issuer is not the subject of the authority';
  },
};
