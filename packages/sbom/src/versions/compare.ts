/** Negative, zero or positive, as `Array.prototype.sort` takes it. */
export type Order = number;

/** How one ecosystem orders its versions. */
export interface VersionScheme {
  /** The name that proofs carry: `semver`, `pep440`, `maven`, ... */
  readonly name: string;
  /** Total order; never throws, whatever the text. */
  compare(a: string, b: string): Order;
  /** Whether the text is a version in this scheme, so that a comparison means something. */
  valid(version: string): boolean;
}

/** Compares two runs of ASCII digits as numbers of any length. */
export function compareDigits(a: string, b: string): Order {
  const left = stripZeros(a);
  const right = stripZeros(b);
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Compares by code unit, which for the ASCII of versions is the byte order. */
export function compareText(a: string, b: string): Order {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Compares element by element; where one list ends, `missing` stands in for the rest of it. */
export function compareLists<T>(
  a: readonly T[],
  b: readonly T[],
  compare: (x: T, y: T) => Order,
  missing?: T,
): Order {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    if (missing === undefined && i >= a.length) return -1;
    if (missing === undefined && i >= b.length) return 1;
    const order = compare(i < a.length ? a[i]! : missing!, i < b.length ? b[i]! : missing!);
    if (order !== 0) return order;
  }
  return 0;
}

export function isDigits(text: string): boolean {
  if (text === '') return false;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 48 || code > 57) return false;
  }
  return true;
}

/**
 * Remembers what parsing gave: an advisory names the same few versions again and again. What is remembered is thrown
 * away as a whole when it is much.
 */
export function remembering<T>(parse: (version: string) => T): (version: string) => T {
  const known = new Map<string, T>();
  return (version) => {
    const found = known.get(version);
    if (found !== undefined) return found;
    const parsed = parse(version);
    if (known.size >= 5000) known.clear();
    // A long text would keep more memory than reading it again costs time.
    if (version.length <= 100) known.set(version, parsed);
    return parsed;
  };
}

function stripZeros(digits: string): string {
  let start = 0;
  while (start < digits.length - 1 && digits.charCodeAt(start) === 48) start += 1;
  return start === 0 ? digits : digits.slice(start);
}
