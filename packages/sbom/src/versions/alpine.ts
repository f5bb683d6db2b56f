import { compareDigits, compareText, type Order, type VersionScheme } from './compare.ts';

/** apk-tools' order: `number{.number}[letter]{_suffix[number]}[~hash][-r<build>]`. */
export const alpine: VersionScheme = {
  name: 'apk',
  compare: compareAlpine,
  valid: (version) => !parse(version).invalid,
};

interface Apk {
  readonly numbers: readonly string[];
  readonly letter: string;
  readonly suffixes: readonly (readonly [rank: number, number: string])[];
  readonly build: string;
  /** What could not be read, up to the next dash. */
  readonly garbage: string;
  readonly invalid: boolean;
}

/** Below the release itself, and above it. */
const ranks: ReadonlyMap<string, number> = new Map([
  ['alpha', -4],
  ['beta', -3],
  ['pre', -2],
  ['rc', -1],
  ['cvs', 1],
  ['svn', 2],
  ['git', 3],
  ['hg', 4],
  ['p', 5],
]);
const suffix = /_(alpha|beta|pre|rc|cvs|svn|git|hg|p)(\d*)/y;
const pattern =
  /^(\d+(?:\.\d+)*)?([a-z]?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*)(~[0-9a-f]+)?(?:-r(\d*))?/;

export function compareAlpine(a: string, b: string): Order {
  const left = parse(a);
  const right = parse(b);
  return (
    compareNumbers(left.numbers, right.numbers) ||
    compareText(left.letter, right.letter) ||
    compareSuffixes(left.suffixes, right.suffixes) ||
    // apk reads on past what it does not understand, and holds it to be older than what it does.
    compareText(left.garbage, right.garbage) * (left.invalid === right.invalid ? 1 : 0) ||
    compareDigits(left.build, right.build) ||
    Number(right.invalid) - Number(left.invalid)
  );
}

function parse(version: string): Apk {
  const text = version.trim();
  const match = pattern.exec(text);
  const rest = text.slice(match?.[0].length ?? 0);
  return {
    numbers: match?.[1]?.split('.') ?? [],
    letter: match?.[2] ?? '',
    suffixes: suffixes(match?.[3] ?? ''),
    build: match?.[5] || /^[^-]+-r(\d+)/.exec(rest)?.[1] || '0',
    garbage: match?.[5] === undefined ? (rest.split('-')[0] ?? '') : '',
    invalid: rest !== '' || match?.[1] === undefined,
  };
}

function suffixes(text: string): Apk['suffixes'] {
  const all: (readonly [number, string])[] = [];
  suffix.lastIndex = 0;
  for (let match = suffix.exec(text); match !== null; match = suffix.exec(text)) {
    all.push([ranks.get(match[1]!)!, match[2] || '0']);
  }
  return all;
}

/** After the first, a number with a leading zero compares as a decimal fraction does: as text. */
function compareNumbers(a: readonly string[], b: readonly string[]): Order {
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) {
    const x = a[i]!;
    const y = b[i]!;
    const fraction = i > 0 && (x.startsWith('0') || y.startsWith('0'));
    const order = fraction ? compareText(x, y) : compareDigits(x, y);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareSuffixes(a: Apk['suffixes'], b: Apk['suffixes']): Order {
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const x = a[i] ?? [0, '0'];
    const y = b[i] ?? [0, '0'];
    const order = x[0] - y[0] || compareDigits(x[1], y[1]);
    if (order !== 0) return order;
  }
  return 0;
}
