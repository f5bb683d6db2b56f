import type { Rule } from '../rule.ts';

export const validityOrder: Rule = {
  id: 'validity-order',
  citation: 'RFC 5280 section 4.1.2.5',
  check: ({ certificate: { notBefore, notAfter } }) =>
    notBefore < notAfter ? undefined : 'it ends before it begins',
};
