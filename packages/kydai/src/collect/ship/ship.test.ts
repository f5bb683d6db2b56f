import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Positions } from './positions.ts';
import { ship } from './ship.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kydai-ship-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Ships once, to a collector that takes everything. */
async function shipped(files: readonly string[]) {
  const positions = await Positions.open(join(folder, 'state.json'));
  const lines: unknown[] = [];
  const unread: string[] = [];
  const total = await ship({
    files,
    journal: false,
    once: true,
    positions,
    signal: new AbortController().signal,
    async send(parcels) {
      lines.push(...parcels.map(({ fields }) => fields['message']));
      return { kept: parcels.length, refused: 0 };
    },
    onUnread: (path, code) => void unread.push(`${path} ${code}`),
  });
  await positions.close();
  return { lines, unread, total };
}

it('ships many files at once, each line once, and tells of those that it cannot read', async () => {
  const files = Array.from({ length: 30 }, (_, n) => join(folder, `${n}.log`));
  for (const [n, file] of files.entries()) writeFileSync(file, `${n} first\n${n} last, without an end`);
  const first = await shipped([...files, join(folder, 'none.log')]);
  expect(new Set(first.lines).size).toBe(60);
  expect(first.total).toEqual({ kept: 60, refused: 0 });
  expect(first.unread).toEqual([`${join(folder, 'none.log')} ENOENT`]);
  expect((await shipped(files)).lines).toEqual([]);
});
