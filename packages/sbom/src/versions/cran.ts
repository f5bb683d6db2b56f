import {
  compareDigits,
  compareLists,
  compareText,
  isDigits,
  type Order,
  type VersionScheme,
} from './compare.ts';

/** R's `package_version`: numbers parted by `.` or `-`; the longer of two equal beginnings is greater. */
export const cran: VersionScheme = {
  name: 'cran',
  compare: (a, b) => compareNumbers(a.split(/[.-]/), b.split(/[.-]/)),
  valid: (version) => /^\d+([.-]\d+)*$/.test(version),
};

/** Lists of numbers as text, element by element; a list that ends first is lower. */
export function compareNumbers(a: readonly string[], b: readonly string[]): Order {
  return compareLists(a, b, (x, y) => (isDigits(x) && isDigits(y) ? compareDigits(x, y) : compareText(x, y)));
}
