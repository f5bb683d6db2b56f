import { compareDigits, isDigits, type Order, type VersionScheme } from './compare.ts';

/** PHP's `version_compare`, which Composer orders by: `dev < alpha < beta < RC < # < pl`; a leading `v` is ignored. */
export const packagist: VersionScheme = {
  name: 'composer',
  compare: comparePackagist,
  valid: (version) => /^[vV]?\d+(\.\d+)*/.test(version) || /^dev-/.test(version),
};

export function comparePackagist(a: string, b: string): Order {
  const left = parts(a);
  const right = parts(b);
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i += 1) {
    const order = comparePart(left[i]!, right[i]!);
    if (order !== 0) return order;
  }
  return beyond(left.slice(length)) - beyond(right.slice(length));
}

/** The longer is greater when a number follows, and otherwise by how each word that follows compares with a number. */
function beyond(rest: readonly string[]): Order {
  for (const part of rest) {
    if (isDigits(part)) return 1;
    const order = rank(part) - numberRank;
    if (order !== 0) return order;
  }
  return 0;
}

function parts(version: string): readonly string[] {
  const text = version
    .trim()
    .replace(/^v/i, '')
    .replace(/[-_+]/g, '.')
    .replace(/([^\d.])(\d)/g, '$1.$2')
    .replace(/(\d)([^\d.])/g, '$1.$2');
  return text.split('.').filter((part) => part !== '');
}

function comparePart(a: string, b: string): Order {
  const aIsNumber = isDigits(a);
  const bIsNumber = isDigits(b);
  if (aIsNumber && bIsNumber) return compareDigits(a, b);
  return (aIsNumber ? numberRank : rank(a)) - (bIsNumber ? numberRank : rank(b));
}

const numberRank = 5;
/** PHP tells cases apart here: `RC` and `rc` are known, `ALPHA` is not, and what is not known comes first. */
const ranks: readonly (readonly [string, number])[] = [
  ['dev', 0],
  ['alpha', 1],
  ['a', 1],
  ['beta', 2],
  ['b', 2],
  ['RC', 3],
  ['rc', 3],
  ['#', numberRank],
  ['pl', 6],
  ['p', 6],
];

function rank(word: string): number {
  return ranks.find(([prefix]) => word.startsWith(prefix))?.[1] ?? -1;
}
