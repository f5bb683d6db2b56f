import { constraintsOf } from '../../profile/constrained-names.ts';
import { readNameConstraints } from '../../x509/name-constraints.ts';
import { Oid } from '../../x509/oids.ts';
import type { ShapeRule } from '../rule.ts';

export const constrainedNames: ShapeRule = {
  id: 'constrained-names',
  citation: 'RFC 5280 section 4.2.1.10; our profile: what the authority may name',
  check: ({ profile, extension }) => {
    const found = extension(Oid.nameConstraints);
    const { nameConstraints } = profile;
    if (found === undefined)
      return nameConstraints === undefined || nameConstraints === 'kept'
        ? undefined
        : 'the name constraints of its profile are absent';
    if (nameConstraints === undefined) return 'its profile has no name constraints';
    if (!found.critical) return 'name constraints are not critical';
    const { permitted, excluded } = readNameConstraints(found.value);
    if (permitted.length + excluded.length === 0) return 'name constraints are empty';
    const wanted = constraintsOf(nameConstraints);
    return wanted === undefined || Buffer.compare(wanted.value, found.value) === 0
      ? undefined
      : 'name constraints are not those of its profile';
  },
};
