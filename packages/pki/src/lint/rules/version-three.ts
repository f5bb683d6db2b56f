import type { ShapeRule } from '../rule.ts';

export const versionThree: ShapeRule = {
  id: 'version-three',
  citation: 'RFC 5280 section 4.1.2.1',
  check: ({ certificate }) => (certificate.version === 3 ? undefined : `version is ${certificate.version}`),
};
