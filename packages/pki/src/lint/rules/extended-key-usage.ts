import { purposeOids } from '../../profile/profile.ts';
import { readExtendedKeyUsage } from '../../x509/extension.ts';
import { Oid } from '../../x509/oids.ts';
import type { ShapeRule } from '../rule.ts';

export const extendedKeyUsage: ShapeRule = {
  id: 'extended-key-usage',
  citation: 'RFC 5280 section 4.2.1.12; RFC 6960 section 4.2.2.2',
  check: ({ profile, extension }) => {
    const expected = purposeOids(profile);
    const found = extension(Oid.extendedKeyUsage);
    const purposes = found === undefined ? [] : readExtendedKeyUsage(found.value);
    const same =
      purposes.length === expected.length && expected.every((purpose) => purposes.includes(purpose));
    return same ? undefined : 'extended key usages are not those of the profile';
  },
};
