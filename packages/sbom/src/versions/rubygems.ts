import {
  compareDigits,
  compareText,
  isDigits,
  type Order,
  remembering,
  type VersionScheme,
} from './compare.ts';

/** `Gem::Version`: runs of digits and of letters; a letter makes it a pre-release; trailing zeros do not count. */
export const rubygems: VersionScheme = {
  name: 'rubygems',
  compare: compareRubygems,
  valid: (version) => /^\s*[0-9]+(\.[0-9a-zA-Z]+)*(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?\s*$/.test(version),
};

export function compareRubygems(a: string, b: string): Order {
  const left = segments(a);
  const right = segments(b);
  const length = Math.max(left.length, right.length);
  for (let i = 0; i < length; i += 1) {
    const x = left[i] ?? '0';
    const y = right[i] ?? '0';
    const xIsNumber = isDigits(x);
    const yIsNumber = isDigits(y);
    if (xIsNumber !== yIsNumber) return xIsNumber ? 1 : -1;
    const order = xIsNumber ? compareDigits(x, y) : compareText(x, y);
    if (order !== 0) return order;
  }
  return 0;
}

/** The segments, with the zeros at the end of the numeric part and at the end of the whole left out. */
const segments = remembering((version): readonly string[] => {
  const all =
    version
      .trim()
      .replaceAll('-', '.pre.')
      .match(/[0-9]+|[a-z]+/gi) ?? [];
  const firstText = all.findIndex((segment) => !isDigits(segment));
  const numbers = firstText < 0 ? all : all.slice(0, firstText);
  const rest = firstText < 0 ? [] : all.slice(firstText);
  return [...dropZeros(numbers), ...dropZeros(rest)];
});

function dropZeros(list: readonly string[]): readonly string[] {
  let end = list.length;
  while (end > 0 && /^0+$/.test(list[end - 1]!)) end -= 1;
  return list.slice(0, end);
}
