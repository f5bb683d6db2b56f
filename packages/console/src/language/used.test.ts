import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { vi } from './vi/index.ts';

const folder = join(import.meta.dirname, '..');
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name) && !/\.test\.|language[/\\](vi|en)[/\\]/.test(name))
  .map((name) => readFileSync(join(folder, name), 'utf8'))
  .join('\n');

it('keeps no string that no page shows', () => {
  // A key is used as a literal, or by a template whose fixed beginning it shares: `level.${level}`.
  const beginnings = [...sources.matchAll(/`([a-z]\w*(?:\.[\w-]+)*\.?)\$\{/gi)].map((match) => match[1]!);
  const unused = Object.keys(vi).filter(
    (key) =>
      !sources.includes(`'${key}'`) &&
      !sources.includes(`"${key}"`) &&
      !beginnings.some((beginning) => beginning.length > 3 && key.startsWith(beginning)),
  );
  expect(unused).toEqual([]);
});
