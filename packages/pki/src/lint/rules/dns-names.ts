import { isDnsName } from '../../x509/dns-name.ts';
import type { Rule } from '../rule.ts';

export const dnsNames: Rule = {
  id: 'dns-names',
  citation: 'RFC 5280 section 4.2.1.6; RFC 1034 section 3.5',
  check: ({ names }) => {
    const found = names.find(({ kind, text }) => kind === 'dns' && !isDnsName(text));
    return found === undefined
      ? undefined
      : `\`${found.text.slice(0, 80).replace(/\p{C}/gu, '?')}\` is not a host name`;
  },
};
