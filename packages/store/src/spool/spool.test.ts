import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Event } from '@kydai/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noon, sample } from '../contract/samples.ts';
import { Spool } from './spool.ts';
import { openSpooledElastic } from './spooled.ts';

describe('The spool', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kydai-spool-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const many = (count: number) => Array.from({ length: count }, (_, n) => sample({ time: noon + n }));
  async function drained(spool: Spool): Promise<string[]> {
    const ids: string[] = [];
    while (await spool.drain(async (events) => void ids.push(...events.map(({ id }) => id)))) {
      // Until nothing is left.
    }
    return ids;
  }

  it('gives back what it took, in order, also after a restart, and then holds nothing', async () => {
    const spool = await Spool.open(folder);
    const events = many(500);
    for (let at = 0; at < 500; at += 50) await spool.append(events.slice(at, at + 50));
    expect(spool.size).toBe(500);
    await spool.close();
    const again = await Spool.open(folder);
    const more = many(3);
    await again.append(more);
    expect(again.size).toBe(503);
    expect(await drained(again)).toEqual([...events, ...more].map(({ id }) => id));
    expect(again.empty).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
    await again.close();
  });

  it('keeps a segment until all of it was taken', async () => {
    const spool = await Spool.open(folder);
    const events = many(10);
    await spool.append(events.slice(0, 5));
    await spool.append(events.slice(5));
    const taken: (readonly Event[])[] = [];
    const failing = spool.drain(async (batch) => {
      if (taken.push(batch) === 2) throw new Error('away');
    });
    await expect(failing).rejects.toThrow('away');
    expect(await drained(spool)).toEqual(events.map(({ id }) => id));
    await spool.close();
  });

  it('leaves out a torn end, which nobody was told of', async () => {
    const spool = await Spool.open(folder);
    const events = many(4);
    await spool.append(events.slice(0, 2));
    await spool.append(events.slice(2));
    await spool.close();
    const path = join(folder, readdirSync(folder)[0]!);
    appendFileSync(path, readFileSync(path).subarray(0, 50));
    const again = await Spool.open(folder);
    expect(await drained(again)).toEqual(events.map(({ id }) => id));
    await again.append(events);
    truncateSync(join(folder, readdirSync(folder)[0]!), 10);
    await again.close();
    expect((await Spool.open(folder)).empty).toBe(true);
  });

  it('takes events while Elasticsearch has never been there, and remembers them', async () => {
    const options = {
      node: 'http://127.0.0.1:9',
      clock: { now: () => noon },
      folder,
      retry: 50,
      limits: { patience: 0 },
    };
    const store = await openSpooledElastic(options);
    await store.append(many(3));
    await Promise.all([store.append(many(2)), store.append(many(2))]);
    expect(store.waiting()).toBe(7);
    await expect(store.append([{ ...sample(), id: '' }])).rejects.toMatchObject({ code: 'invalid-event' });
    await expect(store.search({})).rejects.toMatchObject({ code: 'unavailable' });
    await store.close();
    await expect(store.append(many(1))).rejects.toMatchObject({ code: 'closed' });
    const again = await openSpooledElastic(options);
    expect(again.waiting()).toBe(7);
    await again.close();
  });
});
