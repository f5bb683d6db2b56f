import { compareDigits, compareText, isDigits, type Order, type VersionScheme } from './compare.ts';

/** RPM's own order of `[epoch:]version[-release]`: segments of digits and letters, `~` before the end, `^` after it. */
export const redhat: VersionScheme = {
  name: 'rpm',
  compare: compareRedhat,
  valid: (version) => /^(\d+:)?[^\s:]+$/.test(version),
};

export function compareRedhat(a: string, b: string): Order {
  const left = parse(a);
  const right = parse(b);
  const order = compareDigits(left.epoch, right.epoch) || compareSegments(left.version, right.version);
  if (order !== 0) return order;
  if (left.release === undefined || right.release === undefined) {
    return Number(left.release !== undefined) - Number(right.release !== undefined);
  }
  return compareSegments(left.release, right.release);
}

function parse(text: string): { epoch: string; version: string; release: string | undefined } {
  const colon = text.indexOf(':');
  // A colon that no number stands before is part of the version.
  const hasEpoch = colon > 0 && isDigits(text.slice(0, colon));
  const rest = hasEpoch ? text.slice(colon + 1) : text;
  const dash = rest.indexOf('-');
  return {
    epoch: hasEpoch ? text.slice(0, colon) : '0',
    version: dash < 0 ? rest : rest.slice(0, dash),
    release: dash < 0 ? undefined : rest.slice(dash + 1),
  };
}

const separator = /[^0-9A-Za-z~^]/;

function compareSegments(a: string, b: string): Order {
  let i = 0;
  let j = 0;
  for (;;) {
    while (i < a.length && separator.test(a[i]!)) i += 1;
    while (j < b.length && separator.test(b[j]!)) j += 1;
    if (a[i] === '~' || b[j] === '~') {
      if (a[i] !== '~') return 1;
      if (b[j] !== '~') return -1;
      i += 1;
      j += 1;
      continue;
    }
    if (a[i] === '^' || b[j] === '^') {
      if (i >= a.length) return -1;
      if (j >= b.length) return 1;
      if (a[i] !== '^') return 1;
      if (b[j] !== '^') return -1;
      i += 1;
      j += 1;
      continue;
    }
    if (i >= a.length || j >= b.length) break;
    const digits = isDigits(a[i]!);
    const inRun = digits ? /[0-9]/ : /[A-Za-z]/;
    const startA = i;
    const startB = j;
    while (i < a.length && inRun.test(a[i]!)) i += 1;
    while (j < b.length && inRun.test(b[j]!)) j += 1;
    // The kinds differ: numbers are newer than letters.
    if (startB === j) return digits ? 1 : -1;
    const left = a.slice(startA, i);
    const right = b.slice(startB, j);
    const order = digits ? compareDigits(left, right) : compareText(left, right);
    if (order !== 0) return order;
  }
  return Number(i < a.length) - Number(j < b.length);
}
