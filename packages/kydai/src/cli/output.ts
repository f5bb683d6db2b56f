import { styleText } from 'node:util';

/** Where a command writes; tests give their own. */
export interface Output {
  /** For people, and JSON: control characters that came from outside are shown, not obeyed. */
  write(text: string): void;
  /** For documents that must come out as they are; `write` where absent. */
  exact?(text: string): void;
  /** Whether colours and moving progress make sense. */
  readonly terminal: boolean;
}

export const standardOutput: Output = {
  write: (text) => {
    process.stdout.write(visible(text, process.stdout.isTTY === true));
  },
  exact: (text) => {
    process.stdout.write(text);
  },
  terminal: process.stdout.isTTY === true,
};

/**
 * Control characters and those that turn the direction of writing, but for line ends, tabs and our own styles. Whoever
 * writes a log line or names a device could otherwise clear the screen, forge lines, or set the terminal's title.
 */
const hidden = /([\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069])(\[(?:[12]|22|3[0-79])m)?/gu;

/**
 * The text with hidden characters as JSON writes them (`\u001b`), so that JSON stays what it was. `styles`: whether
 * there may be our own colours in it, which go to terminals only.
 */
export function visible(text: string, styles: boolean): string {
  return text.replace(hidden, (found, character: string, style = '') => {
    const styling = styles && character === '\u001b' && style !== '';
    return styling || character === '\n' || character === '\t'
      ? found
      : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}${style}`;
  });
}

type Style = Parameters<typeof styleText>[0];

export function styled(output: Output, style: Style, text: string): string {
  return output.terminal
    ? styleText(style, text.replaceAll('\u001b', '\\u001b'), { validateStream: false })
    : text;
}

/** The text with its line ends shown instead of obeyed: for what came from outside. */
export function oneLine(text: string): string {
  return text.replaceAll('\n', '\\n').replaceAll('\r', '\\r');
}

/** Left-aligned columns, two spaces apart; the last column is not padded. */
export function columns(table: readonly (readonly string[])[]): string {
  // A line end inside a cell would be a row of somebody else's making.
  const rows = table.map((row) => row.map(oneLine));
  const widths = rows.reduce<number[]>((sofar, row) => {
    row.forEach((cell, index) => {
      sofar[index] = Math.max(sofar[index] ?? 0, width(cell));
    });
    return sofar;
  }, []);
  return rows
    .map((row) =>
      row
        .map((cell, index) =>
          index === row.length - 1 ? cell : cell + ' '.repeat(widths[index]! - width(cell)),
        )
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** Characters that take a place: combining marks take none. */
function width(text: string): number {
  return [...text.normalize('NFC')].filter((character) => !/\p{Mn}/u.test(character)).length;
}

/** `1.4 s`, `12 ms`, `3 min 20 s`: a duration as people read it. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
  return `${Math.floor(ms / 3600_000)} h ${Math.round((ms % 3600_000) / 60_000)} min`;
}
