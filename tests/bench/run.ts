import { existsSync, readdirSync } from 'node:fs';

/**
 * `npm run bench -- NAME [NAME ...]`: runs `NAME.bench.ts` and prints one JSON line a figure. Without a name it lists
 * what there is.
 */

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What a physical limit or a rival reached in the same run, in the same unit. */
  readonly baseline?: number;
  readonly baselineName?: string;
  /** `value / baseline`. */
  readonly ratio?: number;
}

const names = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
if (names.length === 0) {
  const all = readdirSync(import.meta.dirname).flatMap((file) => file.match(/^(.+)\.bench\.ts$/)?.[1] ?? []);
  console.error(`usage: npm run bench -- NAME, where NAME is one of: ${all.join(', ')}`);
  process.exit(2);
}
for (const name of names) {
  const file = new URL(`${name}.bench.ts`, import.meta.url);
  if (!/^[a-z0-9-]+$/.test(name) || !existsSync(file)) {
    console.error(`no bench is called \`${name}\``);
    process.exit(2);
  }
  const bench = (await import(file.href)) as { run(emit: (figure: Figure) => void): Promise<void> };
  await bench.run((figure) => console.log(JSON.stringify(rounded(figure))));
}

/** Four significant digits: more would pretend a precision that a shared machine does not have. */
function rounded(figure: Figure): Figure {
  const round = (value: number) => Number(value.toPrecision(4));
  return Object.fromEntries(
    Object.entries(figure).map(([key, value]) => [key, typeof value === 'number' ? round(value) : value]),
  ) as unknown as Figure;
}
