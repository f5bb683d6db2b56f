import {
  compareDigits,
  compareLists,
  compareText,
  isDigits,
  type Order,
  remembering,
  type VersionScheme,
} from './compare.ts';

/**
 * Semantic Versioning 2.0.0, section 11, with what registries do besides: a leading `v` is ignored, missing parts are
 * zero, and what follows the third number counts as build text. npm, Go, crates.io and others order by it.
 */
export const semver: VersionScheme = {
  name: 'semver',
  compare: compareSemver,
  valid: (version) => /^[vV=]?\d+(\.\d+){0,2}([.+-].*)?$/s.test(version),
};

export function compareSemver(a: string, b: string): Order {
  const left = parse(a);
  const right = parse(b);
  for (let i = 0; i < 3; i += 1) {
    const order = compareNumbers(left.core[i] ?? '0', right.core[i] ?? '0');
    if (order !== 0) return order;
  }
  return comparePrerelease(left.pre, right.pre);
}

/** Section 11.4: no pre-release is greater; identifiers compare as numbers or text, numbers are lower. */
export function comparePrerelease(a: readonly string[], b: readonly string[]): Order {
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  return compareLists(a, b, compareIdentifiers);
}

export function compareIdentifiers(a: string, b: string): Order {
  const aIsNumber = isDigits(a);
  const bIsNumber = isDigits(b);
  if (aIsNumber && bIsNumber) return compareDigits(a, b);
  if (aIsNumber !== bIsNumber) return aIsNumber ? -1 : 1;
  return compareText(a, b);
}

function compareNumbers(a: string, b: string): Order {
  return isDigits(a) && isDigits(b) ? compareDigits(a, b) : compareIdentifiers(a, b);
}

const parse = remembering((version): { core: readonly string[]; pre: readonly string[] } => {
  let text = version.trim();
  if (/^[vV=]/.test(text)) text = text.slice(1);
  const plus = text.indexOf('+');
  if (plus >= 0) text = text.slice(0, plus);
  const dash = text.indexOf('-');
  const core = (dash < 0 ? text : text.slice(0, dash)).split('.');
  return { core, pre: dash < 0 ? [] : text.slice(dash + 1).split('.') };
});
