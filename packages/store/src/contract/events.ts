import type { Event, EventFilter, EventQuery, EventStore } from '@kydai/contracts';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { matchesFilter } from '../filter/match.ts';
import { anyEvent, anyFilter } from './arbitrary.ts';
import { noon, plain, sample } from './samples.ts';

/** How to open the store under test. */
export interface EventsUnderTest {
  readonly store: EventStore;
  /** Moves what was appended to where it stays (Parquet, an index); nothing that can be seen changes. */
  settle(): Promise<void>;
  /** Closes and opens again over the same data. */
  reopen(): Promise<EventsUnderTest>;
  destroy(): Promise<void>;
}

const day = 86_400_000;

/** The contract of `EventStore`, run against every implementation. One long file, because it is read as one list. */
export function eventStoreContract(name: string, open: () => Promise<EventsUnderTest>): void {
  describe(`${name} keeps the contract of an event store`, { timeout: 30_000 }, () => {
    let under: EventsUnderTest;
    beforeEach(async () => {
      under = await open();
    });
    afterEach(() => under.destroy());

    const ids = async (query: EventQuery) => (await under.store.search(query)).events.map(({ id }) => id);
    async function all(query: EventQuery): Promise<string[]> {
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await under.store.search({ ...query, ...(cursor !== undefined && { cursor }) });
        found.push(...page.events.map(({ id }) => id));
        cursor = page.next;
      } while (cursor !== undefined);
      return found;
    }

    it('gives back every kind of value as it was, before and after settling and a restart', async () => {
      const event = sample({
        dataset: 'camera.log',
        raw: 'dòng 1\ndòng 2\t"\\\u0000 😀',
        fields: {
          'source.ip': '10.0.0.1',
          'source.port': 22,
          'process.pid': 1.5,
          'user.name': ['root', 'admin'],
          'host.name': 7,
          'event.severity': 'high',
          'event.category': ['authentication'],
          'labels.on': true,
          'labels.none': null,
          'labels.empty': '',
          'o\'dd "name"/~': 'x',
        },
      });
      await under.store.append([event]);
      for (const turn of ['live', 'settled', 'reopened']) {
        expect(plain(await under.store.get(event.id)), turn).toEqual(plain(event));
        expect((await under.store.search({})).events.map(plain), turn).toEqual([plain(event)]);
        if (turn === 'live') await under.settle();
        if (turn === 'settled') under = await under.reopen();
      }
    });

    it('replaces what is not well-formed text or a finite number', async () => {
      const event = sample({ raw: 'a\ud800b', fields: { 'user.name': 'x\udc00', 'labels.n': Number.NaN } });
      await under.store.append([event]);
      await under.settle();
      expect(plain(await under.store.get(event.id))).toMatchObject({
        raw: 'a\ufffdb',
        fields: { 'user.name': 'x\ufffd', 'labels.n': null },
      });
    });

    it('keeps an event whose id it has already only once', async () => {
      const event = sample();
      await Promise.all([under.store.append([event, event]), under.store.append([event])]);
      await under.store.append([event]);
      expect(await ids({})).toEqual([event.id]);
      await under.settle();
      await under.store.append([event]);
      expect(await ids({})).toEqual([event.id]);
      expect((await under.store.stats()).events).toBe(1);
    });

    it('answers from settled and fresh events in one order, newest first and oldest first', async () => {
      const events = Array.from({ length: 60 }, (_, n) => sample({ time: noon + ((n * 37) % 60) * 1_000 }));
      await under.store.append(events.slice(0, 20));
      await under.settle();
      await under.store.append(events.slice(20, 40));
      await under.settle();
      await under.store.append(events.slice(40));
      const sorted = [...events].sort((a, b) => a.time - b.time).map(({ id }) => id);
      expect(await ids({ order: 'oldest' })).toEqual(sorted);
      expect(await ids({})).toEqual(sorted.toReversed());
      expect(await ids({ limit: 3 })).toEqual(sorted.toReversed().slice(0, 3));
    });

    it('pages through equal times without losing or repeating any, while events arrive and settle', async () => {
      const events = Array.from({ length: 45 }, (_, n) => sample({ time: noon + Math.floor(n / 20) }));
      await under.store.append(events.slice(0, 30));
      await under.settle();
      await under.store.append(events.slice(30));
      for (const order of ['newest', 'oldest'] as const) {
        const found: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await under.store.search({ limit: 7, order, ...(cursor !== undefined && { cursor }) });
          found.push(...page.events.map(({ id }) => id));
          cursor = page.next;
          await under.store.append([sample({ time: order === 'newest' ? noon + day : noon - day })]);
          if (found.length === 21) await under.settle();
        } while (cursor !== undefined && found.length < 200);
        const mine = found.filter((id) => events.some((event) => event.id === id));
        expect(mine).toHaveLength(45);
        expect(new Set(mine).size).toBe(45);
      }
    });

    it('takes the start of a time span in and leaves its end out', async () => {
      const events = [noon - 1, noon, noon + 1].map((time) => sample({ time }));
      await under.store.append(events);
      await under.settle();
      expect(await ids({ from: noon, to: noon + 1 })).toEqual([events[1]!.id]);
      expect(await ids({ from: noon + 2 })).toEqual([]);
      expect(await ids({ limit: 0 })).toEqual([]);
    });

    it('finds by any filter exactly what the meaning of the filter says, settled or not', async () => {
      const [events] = fc.sample(fc.array(anyEvent, { minLength: 120, maxLength: 120 }), {
        numRuns: 1,
        seed: 7,
      });
      await under.store.append(events!.slice(0, 50));
      await under.settle();
      await under.store.append(events!.slice(50));
      const settledAll = fc.sample(anyFilter, { numRuns: 60, seed: 11 });
      for (const [n, filter] of settledAll.entries()) {
        if (n === 20) await under.settle();
        const expected = events!.filter((event) => matchesFilter(filter, event)).map(({ id }) => id);
        const found = await ids({ filter, limit: 1_000 });
        expect(found.toSorted(), JSON.stringify(filter)).toEqual(expected.toSorted());
        if (n % 5 === 0) {
          const [bucket] = await under.store.aggregate({ from: 0, to: noon * 2, filter });
          expect(bucket?.count, JSON.stringify(filter)).toBe(expected.length);
        }
      }
    }, 60_000);

    it('counts per bucket and per most frequent value over settled and fresh events', async () => {
      const at = (minute: number, user: string | readonly string[]) =>
        sample({ time: noon + minute * 60_000, fields: { 'user.name': user as string } });
      await under.store.append([at(0, 'root'), at(0, 'root'), at(1, 'admin'), at(5, ['root', 'lan', 'lan'])]);
      await under.settle();
      await under.store.append([at(0, 'root'), at(5, 'mai'), sample({ time: noon + 60_000 })]);
      const span = { from: noon, to: noon + 600_000 };
      const start = Math.floor(noon / 60_000) * 60_000;
      expect(await under.store.aggregate(span)).toEqual([{ count: 7 }]);
      expect(await under.store.aggregate({ ...span, interval: 60_000 })).toEqual([
        { time: start, count: 3 },
        { time: start + 60_000, count: 2 },
        { time: start + 300_000, count: 2 },
      ]);
      expect(await under.store.aggregate({ ...span, by: 'user.name', top: 2 })).toEqual([
        { value: 'root', count: 4 },
        { value: 'admin', count: 1 },
      ]);
      expect(await under.store.aggregate({ ...span, by: 'user.name', top: 1, interval: 300_000 })).toEqual([
        { time: Math.floor(noon / 300_000) * 300_000, value: 'root', count: 3 },
        { time: Math.floor((noon + 300_000) / 300_000) * 300_000, value: 'root', count: 1 },
      ]);
      expect(await under.store.aggregate({ from: 0, to: 1 })).toEqual([{ count: 0 }]);
      expect(await under.store.aggregate({ from: 0, to: 1, by: 'user.name' })).toEqual([]);
    });

    it('groups by fields that have no column of their own, by numbers and by its own names', async () => {
      await under.store.append([
        sample({ fields: { 'labels.zone': 'Bắc', 'source.port': 22 } }),
        sample({ fields: { 'labels.zone': ['Bắc', 'Nam'], 'source.port': '22' }, dataset: 'x' }),
        sample({ fields: { 'labels.zone': true, 'source.port': 23 } }),
      ]);
      for (let turn = 0; turn < 2; turn++) {
        const by = (field: string) => under.store.aggregate({ from: 0, to: noon * 2, by: field });
        expect(await by('labels.zone')).toEqual([
          { value: 'Bắc', count: 2 },
          { value: 'Nam', count: 1 },
          { value: 'true', count: 1 },
        ]);
        expect(await by('source.port')).toEqual([
          { value: '22', count: 2 },
          { value: '23', count: 1 },
        ]);
        expect(await by('dataset')).toEqual([
          { value: 'sshd.auth', count: 2 },
          { value: 'x', count: 1 },
        ]);
        await under.settle();
      }
    });

    it('tells what the values of a field are like, over settled and fresh events', async () => {
      const ports = Array.from({ length: 100 }, (_, n) => sample({ fields: { 'source.port': n + 1 } }));
      await under.store.append(ports.slice(0, 60));
      await under.settle();
      const names = sample({ fields: { 'user.name': ['a', 'b', 'a'], 'labels.n': '2.5' } });
      await under.store.append([...ports.slice(60), names, sample({ fields: { 'labels.n': 7.5 } })]);
      const span = { from: 0, to: noon * 2 };
      for (let turn = 0; turn < 2; turn++) {
        expect(await under.store.statistics({ ...span, field: 'source.port' })).toEqual({
          events: 102,
          present: 100,
          distinct: 100,
          numbers: { count: 100, min: 1, max: 100, mean: 50.5, p50: 50, p95: 95, p99: 99 },
        });
        expect(await under.store.statistics({ ...span, field: 'user.name' })).toEqual({
          events: 102,
          present: 1,
          distinct: 2,
        });
        expect(await under.store.statistics({ ...span, field: 'labels.n' })).toMatchObject({
          distinct: 2,
          numbers: { count: 2, min: 2.5, max: 7.5, mean: 5 },
        });
        const filter = { op: 'range', field: 'source.port', gt: 90 } as const;
        expect(await under.store.statistics({ ...span, filter, field: 'source.port' })).toMatchObject({
          events: 10,
          distinct: 10,
          numbers: { min: 91 },
        });
        expect(await under.store.statistics({ ...span, field: 'host.name' })).toEqual({
          events: 102,
          present: 0,
          distinct: 0,
        });
        await under.settle();
      }
      await expect(under.store.statistics({ ...span, field: '' })).rejects.toMatchObject({ code: 'query' });
    });

    it('deletes what is older, of one dataset or of all, and says how many', async () => {
      const old = [1, 2, 3].map((n) => sample({ time: noon - n * day }));
      const other = sample({ time: noon - 2 * day, dataset: 'nginx.access' });
      const fresh = sample();
      await under.store.append([...old, other]);
      await under.settle();
      await under.store.append([fresh]);
      expect(await under.store.retain('sshd.auth', noon - 1.5 * day)).toBe(2);
      expect((await ids({})).toSorted()).toEqual([fresh.id, old[0]!.id, other.id].toSorted());
      expect(await under.store.retain(undefined, noon)).toBe(2);
      expect(await ids({})).toEqual([fresh.id]);
      expect(await under.store.retain(undefined, noon)).toBe(0);
      under = await under.reopen();
      expect(await ids({})).toEqual([fresh.id]);
    });

    it('keeps neither for ever nor loses at once what carries an absurd time', async () => {
      const times = [0, -1e12, 4e12, 8.64e15, -8.64e15];
      const events = times.map((time) => ({ ...sample(), time }));
      await under.store.append(events);
      await under.settle();
      expect((await ids({})).length).toBe(times.length);
      const stats = await under.store.stats();
      expect(stats).toMatchObject({ events: 5, oldest: -8.64e15, newest: 8.64e15 });
      expect(await under.store.retain(undefined, noon + day)).toBe(5);
    });

    it('refuses an append with an event that cannot be stored, as a whole', async () => {
      const good = sample();
      const bad: Partial<Event>[] = [
        { time: Number.NaN },
        { time: 9e15 },
        { received: Number.POSITIVE_INFINITY },
        { id: '' },
        { id: 'x'.repeat(2_000) },
        { dataset: 5 as never },
        { raw: undefined as never },
        { raw: 'x'.repeat(9 * 1024 * 1024) },
      ];
      for (const change of bad) {
        await expect(under.store.append([good, { ...sample(), ...change }])).rejects.toMatchObject({
          code: 'invalid-event',
        });
      }
      expect((await under.store.stats()).events).toBe(0);
    });

    it('keeps an event of 1 MB and one with 100,000 fields', async () => {
      const long = sample({ raw: 'ký '.repeat(350_000) });
      const wide = sample({
        fields: Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`custom.f${n}`, n])),
      });
      await under.store.append([long, wide]);
      await under.settle();
      expect((await under.store.get(long.id))?.raw).toBe(long.raw);
      expect((await under.store.get(wide.id))?.fields.get('custom.f99999')).toBe(99_999);
      expect(await ids({ filter: { op: 'equals', field: 'custom.f5', value: 5 } })).toEqual([wide.id]);
    });

    it('stays whole when a device invents fields, and gives one field a value of each kind', async () => {
      const kinds = [7, '7', 7.5, true, ['a', 'b'], null, '', 'x'.repeat(40_000)];
      const events = Array.from({ length: 400 }, (_, n) =>
        sample({
          time: noon + n,
          fields: {
            ...Object.fromEntries(Array.from({ length: 25 }, (_, at) => [`made.up.${n * 25 + at}`, n])),
            'source.port': kinds[n % kinds.length]!,
            'user.name': kinds[(n + 1) % kinds.length]!,
            made: 'both a value and an object',
          },
        }),
      );
      await under.store.append(events.slice(0, 200));
      await under.settle();
      await under.store.append(events.slice(200));
      for (let turn = 0; turn < 2; turn++) {
        const last = { op: 'equals', field: 'made.up.9999', value: 399 } as const;
        expect(await ids({ filter: last })).toEqual([events[399]!.id]);
        const seven = { op: 'equals', field: 'source.port', value: 7 } as const;
        expect((await under.store.aggregate({ from: 0, to: noon * 2, filter: seven }))[0]?.count).toBe(100);
        expect(plain(await under.store.get(events[7]!.id))).toEqual(plain(events[7]));
        await under.settle();
      }
      expect((await under.store.stats()).events).toBe(400);
    });

    it('answers what is expensive or refuses it, and goes on', async () => {
      await under.store.append([sample({ raw: `${'ab'.repeat(20_000)}c` }), sample()]);
      const wildcard = { op: 'wildcard', field: 'raw', pattern: '*a*b*a*b*a*b*a*b*a*b*d' } as const;
      const many = (count: number) => ({
        op: 'or' as const,
        filters: Array.from({ length: count }, (_, n) => ({ op: 'text' as const, text: `needle ${n}` })),
      });
      const deep = (levels: number): EventFilter =>
        levels === 0 ? { op: 'exists', field: 'id' } : { op: 'not', filter: deep(levels - 1) };
      const among = (count: number) => ({
        op: 'among' as const,
        field: 'event.id',
        values: Array.from({ length: count }, (_, n) => `needle ${n}`),
      });
      for (let turn = 0; turn < 2; turn++) {
        expect(await ids({ filter: wildcard })).toEqual([]);
        expect(await ids({ filter: many(100) })).toEqual([]);
        expect(await ids({ filter: among(2000) })).toEqual([]);
        for (const filter of [many(501), deep(33), among(2001)])
          await expect(under.store.search({ filter })).rejects.toMatchObject({ code: 'query' });
        expect(await ids({})).toHaveLength(2);
        await under.settle();
      }
    });

    it('refuses queries that make no sense', async () => {
      const refused = { code: 'query' };
      const { store } = under;
      await expect(store.search({ limit: 10_001 })).rejects.toMatchObject(refused);
      await expect(store.search({ limit: -1 })).rejects.toMatchObject(refused);
      await expect(store.search({ from: Number.NaN })).rejects.toMatchObject(refused);
      await expect(store.search({ order: 'random' as never })).rejects.toMatchObject(refused);
      for (const cursor of ['', 'x', 'WzEsMl0', Buffer.from('[1,"a",2]').toString('base64url')]) {
        await expect(store.search({ cursor })).rejects.toMatchObject(refused);
      }
      await expect(store.search({ filter: { op: 'drop' } as never })).rejects.toMatchObject(refused);
      await expect(store.aggregate({ from: 0, to: 1, interval: 0 })).rejects.toMatchObject(refused);
      await expect(store.aggregate({ from: 0, to: 1, interval: 0.5 })).rejects.toMatchObject(refused);
      await expect(store.aggregate({ from: 0, to: 1, by: 'x', top: 0 })).rejects.toMatchObject(refused);
      await expect(store.aggregate({ from: 0, to: 1, by: '' })).rejects.toMatchObject(refused);
      await expect(store.retain(undefined, Number.NaN)).rejects.toMatchObject(refused);
      expect(await store.get('nothing')).toBeUndefined();
      expect(await store.get('')).toBeUndefined();
    });

    it('ends a query when its signal says so', async () => {
      await under.store.append([sample()]);
      const signal = AbortSignal.abort();
      await expect(under.store.search({ signal })).rejects.toMatchObject({ code: 'cancelled' });
      await expect(under.store.aggregate({ from: 0, to: 1, signal })).rejects.toMatchObject({
        code: 'cancelled',
      });
    });

    it('refuses everything once closed', async () => {
      await under.store.append([sample()]);
      await under.store.close();
      await under.store.close();
      const refused = { code: 'closed' };
      await expect(under.store.append([sample()])).rejects.toMatchObject(refused);
      await expect(under.store.search({})).rejects.toMatchObject(refused);
      await expect(under.store.stats()).rejects.toMatchObject(refused);
    });

    it('pages with a filter through everything', async () => {
      const events = Array.from({ length: 30 }, (_, n) =>
        sample({ time: noon + n, fields: { 'user.name': n % 3 === 0 ? 'root' : 'lan' } }),
      );
      await under.store.append(events);
      await under.settle();
      const filter = { op: 'equals', field: 'user.name', value: 'ROOT' } as const;
      expect(await all({ filter, limit: 3 })).toEqual(
        events
          .filter((_, n) => n % 3 === 0)
          .map(({ id }) => id)
          .toReversed(),
      );
    });
  });
}
