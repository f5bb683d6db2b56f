import type { Rule } from '../rule.ts';

export const validityLength: Rule = {
  id: 'validity-length',
  citation: 'our profile: the days that it allows',
  check: ({ certificate: { notBefore, notAfter }, profile }) => {
    const most = profile.days * 86_400_000 + profile.backdateMinutes * 60_000;
    return notAfter - notBefore <= most ? undefined : `it lasts longer than ${profile.days} days`;
  },
};
