import { compareLists, type Order, type VersionScheme } from './compare.ts';
import { compareIdentifiers, compareSemver } from './semver.ts';

/** Dart's pub: semantic versions whose build text counts; one without it is lower. */
export const pub: VersionScheme = {
  name: 'pub',
  compare: comparePub,
  valid: (version) => /^v?\d+(\.\d+){0,2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/.test(version),
};

export function comparePub(a: string, b: string): Order {
  return compareSemver(a, b) || compareLists(build(a), build(b), compareIdentifiers);
}

function build(version: string): readonly string[] {
  const plus = version.indexOf('+');
  return plus < 0 ? [] : version.slice(plus + 1).split('.');
}
