import { isDnsName } from '../../x509/dns-name.ts';
import type { Rule } from '../rule.ts';

export const emailNames: Rule = {
  id: 'email-names',
  citation: 'RFC 5280 section 4.2.1.6; RFC 5321 section 4.1.2',
  check: ({ names }) => {
    const found = names.find(({ kind, text }) => {
      if (kind !== 'email') return false;
      const [local = '', domain = '', ...rest] = text.split('@');
      return rest.length > 0 || !/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}$/.test(local) || !isDnsName(domain);
    });
    return found === undefined ? undefined : 'an e-mail name is not a mailbox';
  },
};
