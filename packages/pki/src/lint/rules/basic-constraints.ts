import { readBasicConstraints } from '../../x509/extension.ts';
import { Oid } from '../../x509/oids.ts';
import type { ShapeRule } from '../rule.ts';

export const basicConstraints: ShapeRule = {
  id: 'basic-constraints',
  citation: 'RFC 5280 section 4.2.1.9',
  check: ({ profile, extension }) => {
    const found = extension(Oid.basicConstraints);
    const { ca, pathLength } = found === undefined ? { ca: false } : readBasicConstraints(found.value);
    if (profile.authority === undefined) return ca ? 'it would be an authority' : undefined;
    if (!ca || found?.critical !== true) return 'an authority says so in a critical extension';
    return pathLength === profile.authority.pathLength
      ? undefined
      : `path length is ${pathLength ?? 'unlimited'} and should be ${profile.authority.pathLength}`;
  },
};
