import { findExtension } from '../../x509/extension.ts';
import { constraintFault, nameConstraintsOf } from '../../x509/name-constraints.ts';
import { Oid } from '../../x509/oids.ts';
import type { Rule } from '../rule.ts';

export const nameConstraints: Rule = {
  id: 'name-constraints',
  citation: 'RFC 5280 section 4.2.1.10',
  check: ({ names, certificate, issuer }) => {
    const found = findExtension(issuer.extensions, Oid.nameConstraints);
    if (found === undefined || issuer === certificate) return undefined;
    const constraints = nameConstraintsOf(found.value);
    for (const name of names) {
      const fault = constraintFault(constraints, name);
      if (fault !== undefined) return fault;
    }
    const { subject } = certificate;
    return constraintFault(constraints, {
      kind: 'directory',
      text: 'subject',
      bytes: subject.der,
      name: subject,
    });
  },
};
