import type { Rule } from '../rule.ts';

export const alternativeNameKinds: Rule = {
  id: 'alternative-name-kinds',
  citation: 'our profile: the kinds of name that it allows',
  check: ({ names, profile }) => {
    const found = names.find(({ kind }) => !profile.names.includes(kind));
    return found === undefined ? undefined : `alternative name of kind ${found.kind} is not allowed`;
  },
};
