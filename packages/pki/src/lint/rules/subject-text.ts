import { attributesOf } from '../../x509/name.ts';
import { Oid } from '../../x509/oids.ts';
import type { Rule } from '../rule.ts';

/** Keeps every clause below. */
const printableAscii = /^[\x20-\x7e]{1,64}$/;

export const subjectText: Rule = {
  id: 'subject-text',
  citation: 'RFC 5280 appendix A.1 (upper bounds); Unicode TR 36 section 3',
  check: ({ certificate, profile }) => {
    for (const { oid, text } of attributesOf(certificate.subject)) {
      if (printableAscii.test(text)) continue;
      if (text === '' || [...text].length > 64)
        return 'a subject attribute is empty or longer than 64 characters';
      if (/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u.test(text)) return 'subject holds invisible characters';
      if (text !== text.normalize('NFC')) return 'subject is not in Unicode normal form C';
      // Ids of machines are ASCII: a Cyrillic `a` would make two devices look like one.
      if (oid === Oid.commonName && profile.authority === undefined && !/^[\x20-\x7e]+$/.test(text)) {
        return 'common name holds characters outside of ASCII';
      }
    }
    return undefined;
  },
};
