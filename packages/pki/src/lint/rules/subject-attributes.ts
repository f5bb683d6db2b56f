import { attributesOf } from '../../x509/name.ts';
import { Oid } from '../../x509/oids.ts';
import type { Rule } from '../rule.ts';

export const subjectAttributes: Rule = {
  id: 'subject-attributes',
  citation: 'our profile: the common name, and for authorities the organization',
  check: ({ certificate, profile }) => {
    const allowed: readonly string[] =
      profile.authority === undefined ? [Oid.commonName] : [Oid.commonName, Oid.organization];
    const attributes = attributesOf(certificate.subject);
    const extra = attributes.find(({ oid }) => !allowed.includes(oid));
    if (extra !== undefined) return `subject holds ${extra.oid}`;
    return new Set(attributes.map(({ oid }) => oid)).size === attributes.length
      ? undefined
      : 'subject repeats itself';
  },
};
