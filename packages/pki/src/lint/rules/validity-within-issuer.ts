import type { Rule } from '../rule.ts';

export const validityWithinIssuer: Rule = {
  id: 'validity-within-issuer',
  citation: 'our profile: no certificate outlives what proves it',
  check: ({ certificate, issuer }) =>
    certificate.notBefore >= issuer.notBefore && certificate.notAfter <= issuer.notAfter
      ? undefined
      : 'it is valid at a time when its issuer is not',
};
