import {
  compareDigits,
  compareLists,
  compareText,
  isDigits,
  type Order,
  remembering,
  type VersionScheme,
} from './compare.ts';

/** PEP 440. Text that it does not allow is ordered as old setuptools did, and below everything that it does allow. */
export const pypi: VersionScheme = {
  name: 'pep440',
  compare: comparePypi,
  valid: (version) => parse(version) !== undefined,
};

export function comparePypi(a: string, b: string): Order {
  const left = parse(a);
  const right = parse(b);
  if (left === undefined && right === undefined) return compareLists(legacy(a), legacy(b), compareText);
  if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
  return (
    compareDigits(left.epoch, right.epoch) ||
    compareLists(left.release, right.release, compareDigits, '0') ||
    compareText(left.pre[0], right.pre[0]) ||
    compareDigits(left.pre[1], right.pre[1]) ||
    compareOptional(left.post, right.post, -1) ||
    compareOptional(left.dev, right.dev, 1) ||
    compareLists(left.local, right.local, compareLocal)
  );
}

interface Pep440 {
  readonly epoch: string;
  readonly release: readonly string[];
  /** A key that sorts: dev-only releases before `a`, then `b`, `c`, and final releases last. */
  readonly pre: readonly [string, string];
  readonly post: string | undefined;
  readonly dev: string | undefined;
  readonly local: readonly string[];
}

const pattern =
  /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$/;

const parse = remembering((version): Pep440 | undefined => {
  const match = pattern.exec(version.trim().toLowerCase());
  if (match === null) return undefined;
  const [, epoch, release, preWord, preNumber, implicitPost, postWord, postNumber, dev, devNumber, local] =
    match;
  const post = implicitPost ?? (postWord === undefined ? undefined : postNumber || '0');
  return {
    epoch: epoch ?? '0',
    release: release!.split('.'),
    pre:
      preWord !== undefined
        ? [letter(preWord), preNumber || '0']
        : [post === undefined && dev !== undefined ? '' : 'z', '0'],
    post,
    dev: dev === undefined ? undefined : devNumber || '0',
    local: local === undefined ? [] : local.split(/[-_.]/),
  };
});

function letter(word: string): string {
  if (word === 'alpha') return 'a';
  if (word === 'beta') return 'b';
  return word === 'a' || word === 'b' ? word : 'c';
}

/** Without the part: lower (`-1`, post-releases) or higher (`1`, development releases) than with it. */
function compareOptional(a: string | undefined, b: string | undefined, without: Order): Order {
  if (a === undefined || b === undefined) {
    return a === b ? 0 : a === undefined ? without : -without;
  }
  return compareDigits(a, b);
}

function compareLocal(a: string, b: string): Order {
  const aIsNumber = isDigits(a);
  const bIsNumber = isDigits(b);
  if (aIsNumber && bIsNumber) return compareDigits(a, b);
  if (aIsNumber !== bIsNumber) return aIsNumber ? 1 : -1;
  return compareText(a, b);
}

const words = new Map([
  ['pre', 'c'],
  ['preview', 'c'],
  ['-', 'final-'],
  ['rc', 'c'],
  ['dev', '@'],
]);

/** Setuptools' key for text that is no version: numbers padded, words starred so that they sort below numbers. */
function legacy(version: string): readonly string[] {
  const key: string[] = [];
  const pieces = version.toLowerCase().match(/\d+|[a-z]+|\.|-/g) ?? [];
  for (const piece of [...pieces.map((p) => words.get(p) ?? p), 'final']) {
    if (piece === '.' || piece === '') continue;
    const part = isDigits(piece) ? piece.padStart(8, '0') : `*${piece}`;
    if (part.startsWith('*')) {
      if (part < '*final') while (key.at(-1) === '*final-') key.pop();
      while (key.at(-1) === '00000000') key.pop();
    }
    key.push(part);
  }
  return key;
}
