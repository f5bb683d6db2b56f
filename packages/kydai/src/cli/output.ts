import { styleText } from 'node:util';

/** Where a command writes; tests give their own. */
export interface Output {
  write(text: string): void;
  /** Whether colours and moving progress make sense. */
  readonly terminal: boolean;
}

export const standardOutput: Output = {
  write: (text) => {
    process.stdout.write(text);
  },
  terminal: process.stdout.isTTY === true,
};

type Style = Parameters<typeof styleText>[0];

export function styled(output: Output, style: Style, text: string): string {
  return output.terminal ? styleText(style, text, { validateStream: false }) : text;
}

/** Left-aligned columns, two spaces apart; the last column is not padded. */
export function columns(rows: readonly (readonly string[])[]): string {
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
