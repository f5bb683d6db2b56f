import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noon, sample } from '../contract/samples.ts';
import { type Lake, openLake } from './open.ts';

describe('a search of live events', () => {
  let folder: string;
  let lake: Lake;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kydai-search-'));
    lake = await openLake({ folder, clock: { now: () => noon } });
  });
  afterEach(async () => {
    await lake.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('reads no frame that cannot be on the page, and gives the same pages as if it did', async () => {
    // Frames whose times overlap, go back and forth, and are often equal.
    const time = (n: number) => noon - ((n * 7_919) % 500) * 1_000 - (n % 40) * 60_000;
    const events = Array.from({ length: 6_000 }, (_, n) => sample({ time: time(n), raw: `line ${n}` }));
    for (let at = 0; at < events.length; at += 200) await lake.append(events.slice(at, at + 200));
    const sorted = [...events].sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1)).map(({ id }) => id);
    for (const order of ['newest', 'oldest'] as const) {
      const expected = order === 'newest' ? sorted.toReversed() : sorted;
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await lake.search({ order, limit: 700, ...(cursor !== undefined && { cursor }) });
        found.push(...page.events.map(({ id }) => id));
        cursor = page.next;
      } while (cursor !== undefined);
      expect(found).toEqual(expected);
      const ten = await lake.search({ order, limit: 10 });
      expect(ten.events.map(({ id }) => id)).toEqual(expected.slice(0, 10));
    }
  });
});
