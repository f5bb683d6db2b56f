import type { Rule } from '../rule.ts';

export const uniqueNames: Rule = {
  id: 'unique-names',
  citation: 'our profile: each name once',
  check: ({ names }) => {
    const all = names.map(({ kind, text }) => `${kind}:${text.toLowerCase()}`);
    return new Set(all).size === all.length ? undefined : 'an alternative name comes twice';
  },
};
