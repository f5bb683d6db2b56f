import type { Rule } from '../rule.ts';

export const alternativeNamesPresent: Rule = {
  id: 'alternative-names-present',
  citation: 'CA/Browser Forum BR section 7.1.2.7.12; RFC 9525 section 4.1',
  check: ({ names, profile }) => {
    if (profile.names.length > 0) return names.length > 0 ? undefined : 'it has no alternative name';
    return names.length === 0 ? undefined : `profile \`${profile.id}\` has no alternative names`;
  },
};
