import type { VersionScheme } from './compare.ts';
import { compareNumbers } from './cran.ts';

/** Haskell's `Data.Version`: numbers parted by dots; the longer of two equal beginnings is greater. */
export const hackage: VersionScheme = {
  name: 'hackage',
  compare: (a, b) => compareNumbers(a.split('.'), b.split('.')),
  valid: (version) => /^\d+(\.\d+)*$/.test(version),
};
