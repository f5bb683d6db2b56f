import { readPublicKey } from '../../x509/public-key.ts';
import { algorithmFor } from '../../x509/signature.ts';
import type { ShapeRule } from '../rule.ts';

export const signatureAlgorithm: ShapeRule = {
  id: 'signature-algorithm',
  citation: 'RFC 5280 section 4.1.1.2',
  check: ({ certificate, issuer }) => {
    const expected = algorithmFor(readPublicKey(issuer.publicKey));
    const found = certificate.signatureAlgorithm;
    return found === expected
      ? undefined
      : `signature is ${found} and the key of the issuer makes ${expected}`;
  },
};
