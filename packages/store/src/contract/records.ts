import {
  type AuditEntry,
  type AuditLog,
  eachRecord,
  RecordConflict,
  type RecordQuery,
  type RecordStore,
  recordKind,
  valuesHolding,
  write,
} from '@kydai/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { verifyConsistency, verifyInclusion } from '../audit/proof.ts';

/** How to open the store under test. `reopen` closes and opens again over the same data. */
export interface RecordsUnderTest {
  readonly records: RecordStore;
  readonly audit: AuditLog;
  reopen(): Promise<RecordsUnderTest>;
  destroy(): Promise<void>;
}

const Lamp = z.object({
  id: z.string(),
  ward: z.string().nullable(),
  watts: z.number(),
  lit: z.boolean(),
  note: z.string().default(''),
});
type Lamp = z.infer<typeof Lamp>;

export const lamps = recordKind<Lamp>({
  name: 'lamp',
  schema: Lamp,
  key: (lamp) => lamp.id,
  indexes: { ward: (lamp) => lamp.ward, watts: (lamp) => lamp.watts, lit: (lamp) => lamp.lit },
});

export const lamp = (id: string, more: Partial<Lamp> = {}): Lamp => ({
  id,
  ward: 'Phú Hội',
  watts: 40,
  lit: true,
  note: '',
  ...more,
});

export const entry = (target: string, more: Partial<AuditEntry> = {}): AuditEntry => ({
  at: 1_700_000_000_000,
  actor: 'user:linh',
  action: 'lamp.change',
  target,
  detail: { reason: 'kiểm tra', count: 2, sure: true, none: null },
  ...more,
});

/** The contract of `RecordStore` and `AuditLog`, run against every implementation. One long file, because it is read as one list. */
export function recordStoreContract(name: string, open: () => Promise<RecordsUnderTest>): void {
  describe(`${name} keeps the contract of a record store`, { timeout: 30_000 }, () => {
    let store: RecordsUnderTest;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.destroy());

    it('gives back what was committed, at version 1', async () => {
      await store.records.commit([write.insert(lamps, lamp('a'))]);
      expect(await store.records.get(lamps, 'a')).toEqual({ value: lamp('a'), version: 1 });
      expect(await store.records.get(lamps, 'b')).toBeUndefined();
    });

    it('keeps everything across a restart', async () => {
      await store.records.commit([write.insert(lamps, lamp('a'))], [entry('lamp:a')]);
      store = await store.reopen();
      expect(await store.records.get(lamps, 'a')).toEqual({ value: lamp('a'), version: 1 });
      expect(await store.audit.size()).toBe(1);
    });

    it('gives the same page far down a list, and by whichever index it is found', async () => {
      const many = Array.from({ length: 1300 }, (_, n) =>
        lamp(`l${String(n).padStart(4, '0')}`, { ward: n % 10 === 0 ? null : 'Phú Hội', watts: n % 7 }),
      );
      await store.records.commit(many.map((each) => write.insert(lamps, each)));
      const wanted = many
        .filter(({ ward }) => ward !== null)
        .toSorted((one, other) => other.watts - one.watts || (one.id < other.id ? -1 : 1))
        .map(({ id }) => id);
      for (const offset of [0, 999, 1000, 1160, 1169, 1170, 5000]) {
        for (const aside of [[], ['ward'], ['watts']]) {
          const where = { ward: 'Phú Hội' };
          const page = await store.records.find(lamps, { where, order: '-watts', limit: 7, offset, aside });
          expect(page.records.map(({ value }) => value.id)).toEqual(wanted.slice(offset, offset + 7));
          expect(page.total).toBe(1170);
        }
      }
    });

    it('finds the texts of an index by a part of them, a bounded slice at a time', async () => {
      const wards = ['Phú Hội', 'Kim Long', 'KIM LIÊN', '100%_kim', null, 'Kim Long'];
      await store.records.commit(wards.map((ward, n) => write.insert(lamps, lamp(`l${n}`, { ward }))));
      const slice = (holding: string, more: { after?: string; look?: number } = {}) =>
        store.records.slice(lamps, 'ward', { holding, look: 100, ...more });
      expect(await slice('kIm')).toEqual({ values: ['100%_kim', 'KIM LIÊN', 'Kim Long'] });
      expect(await slice('%_')).toEqual({ values: ['100%_kim'] });
      expect(await slice('ú H')).toEqual({ values: ['Phú Hội'] });
      // Not the letter that PostgreSQL's columns begin with, and no number.
      expect(await slice('s')).toEqual({ values: [] });
      expect(await store.records.slice(lamps, 'watts', { holding: '4', look: 100 })).toEqual({ values: [] });
      const first = await slice('kim', { look: 2 });
      expect(first).toEqual({ values: ['100%_kim', 'KIM LIÊN'], next: 'KIM LIÊN' });
      expect(await slice('kim', { look: 2, after: first.next! })).toMatchObject({ values: ['Kim Long'] });
      expect(await valuesHolding(store.records, lamps, 'ward', 'kim', 3)).toEqual({
        values: ['100%_kim', 'KIM LIÊN', 'Kim Long'],
        isWhole: true,
      });
      expect(await valuesHolding(store.records, lamps, 'ward', 'kim', 2)).toEqual({
        values: ['100%_kim', 'KIM LIÊN'],
        isWhole: false,
      });
      for (const bad of [{ look: 0 }, { look: 1e9 }, { after: '\0' }])
        await expect(slice('kim', bad)).rejects.toMatchObject({ code: 'query' });
      await expect(store.records.slice(lamps, 'note', { holding: 'a', look: 1 })).rejects.toMatchObject({
        code: 'query',
      });
    });

    it('refuses to insert over a record, and writes nothing of that commit', async () => {
      await store.records.commit([write.insert(lamps, lamp('a'))]);
      const commit = store.records.commit(
        [
          write.put(lamps, lamp('b')),
          write.insert(lamps, lamp('a', { watts: 1 })),
          write.put(lamps, lamp('c')),
        ],
        [entry('lamp:b')],
      );
      await expect(commit).rejects.toBeInstanceOf(RecordConflict);
      await expect(commit).rejects.toMatchObject({ code: 'conflict', kind: 'lamp', key: 'a' });
      expect(await store.records.count(lamps)).toBe(1);
      expect(await store.audit.size()).toBe(0);
    });

    it('updates only a record that is still at the version that was read', async () => {
      await store.records.commit([write.insert(lamps, lamp('a'))]);
      await store.records.commit([write.update(lamps, lamp('a', { watts: 50 }), 1)]);
      await expect(
        store.records.commit([write.update(lamps, lamp('a', { watts: 60 }), 1)]),
      ).rejects.toMatchObject({ code: 'conflict' });
      await expect(store.records.commit([write.update(lamps, lamp('z'), 1)])).rejects.toMatchObject({
        code: 'conflict',
      });
      expect(await store.records.get(lamps, 'a')).toEqual({ value: lamp('a', { watts: 50 }), version: 2 });
    });

    it('changes a record as it was read, with every index right, and no other', async () => {
      await store.records.commit([write.insert(lamps, lamp('a', { ward: null }))]);
      const read = (await store.records.get(lamps, 'a'))!;
      await store.records.commit([write.change(lamps, lamp('a', { ward: null, watts: 9 }), read)]);
      expect(await store.records.count(lamps, { ward: null, watts: 9, lit: true })).toBe(1);
      const next = (await store.records.get(lamps, 'a'))!;
      expect(next.version).toBe(2);
      await store.records.commit([
        write.change(lamps, lamp('a', { ward: 'Vỹ Dạ', watts: 9, lit: false }), next),
      ]);
      expect(await store.records.count(lamps, { ward: 'Vỹ Dạ', watts: 9, lit: false })).toBe(1);
      await store.records.commit([write.delete(lamps, 'a'), write.insert(lamps, lamp('a', { watts: 1 }))]);
      // The version is right again, what is said to stay as it was is not.
      await expect(
        store.records.commit([write.change(lamps, lamp('a', { ward: 'Kim Long' }), read)]),
      ).rejects.toMatchObject({ code: 'conflict', key: 'a' });
      expect((await store.records.get(lamps, 'a'))?.value).toEqual(lamp('a', { watts: 1 }));
    });

    it('commits only while no record has a value at an index, also among commits of the same moment', async () => {
      const claim = (id: string): Promise<void> =>
        store.records.commit(
          [write.absent(lamps, 'ward', 'An Cựu'), write.insert(lamps, lamp(id, { ward: 'An Cựu' }))],
          [entry(`lamp:${id}`)],
        );
      const all = await Promise.allSettled(['a', 'b', 'c', 'd'].map(claim));
      expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      await expect(claim('e')).rejects.toMatchObject({ code: 'conflict', kind: 'lamp', key: 'An Cựu' });
      await expect(store.records.commit([write.absent(lamps, 'nowhere', 1)])).rejects.toMatchObject({
        code: 'query',
      });
      expect(await store.records.count(lamps)).toBe(1);
      expect(await store.audit.size()).toBe(1);
      await store.records.commit([write.absent(lamps, 'watts', 41), write.put(lamps, lamp('f'))]);
    });

    it('puts over anything and counts its versions', async () => {
      for (let turn = 1; turn <= 3; turn++) {
        await store.records.commit([write.put(lamps, lamp('a', { watts: turn }))]);
        expect(await store.records.get(lamps, 'a')).toEqual({
          value: lamp('a', { watts: turn }),
          version: turn,
        });
      }
    });

    it('deletes, and does not mind a record that is not there', async () => {
      await store.records.commit([write.insert(lamps, lamp('a'))]);
      await store.records.commit([write.delete(lamps, 'a'), write.delete(lamps, 'never')]);
      expect(await store.records.get(lamps, 'a')).toBeUndefined();
    });

    it('lets exactly one of many concurrent updates of one version win', async () => {
      await store.records.commit([write.insert(lamps, lamp('a', { watts: 0 }))]);
      const outcomes = await Promise.allSettled(
        Array.from({ length: 40 }, (_, n) =>
          store.records.commit([write.update(lamps, lamp('a', { watts: n }), 1)], [entry(`lamp:${n}`)]),
        ),
      );
      const won = outcomes.filter(({ status }) => status === 'fulfilled');
      expect(won).toHaveLength(1);
      expect(await store.audit.size()).toBe(1);
    });

    it('keeps each conflict to the caller that caused it', async () => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 100 }, (_, n) =>
          store.records.commit([write.insert(lamps, lamp(`k${n % 50}`))], [entry(`lamp:${n}`)]),
        ),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(50);
      expect(await store.records.count(lamps)).toBe(50);
      expect(await store.audit.size()).toBe(50);
      expect(await store.audit.verify()).toMatchObject({ intact: true, size: 50 });
    });

    it('finds by equality, lists, null and bounds', async () => {
      await store.records.commit(
        [
          lamp('a', { ward: null, watts: 10, lit: false }),
          lamp('b', { ward: 'Vỹ Dạ', watts: 20 }),
          lamp('c', { ward: 'Vỹ Dạ', watts: 30, lit: false }),
          lamp('d', { ward: "O'Hara; drop table", watts: 40.5 }),
        ].map((value) => write.insert(lamps, value)),
      );
      const keys = async (where: object) =>
        (await store.records.find(lamps, { where: where as never })).records.map(({ value }) => value.id);
      expect(await keys({ ward: 'Vỹ Dạ' })).toEqual(['b', 'c']);
      expect(await keys({ ward: 'Vỹ Dạ', lit: false })).toEqual(['c']);
      expect(await keys({ ward: null })).toEqual(['a']);
      expect(await keys({ ward: [null, "O'Hara; drop table"] })).toEqual(['a', 'd']);
      expect(await keys({ ward: [] })).toEqual([]);
      expect(await keys({ watts: { gte: 20, lt: 40.5 } })).toEqual(['b', 'c']);
      expect(await keys({ watts: { gt: 30 } })).toEqual(['d']);
      expect(await keys({ lit: true })).toEqual(['b', 'd']);
      expect(await keys({ watts: { gt: null } })).toEqual([]);
    });

    it('orders both ways with ties by key, pages, and counts all that match', async () => {
      await store.records.commit(
        [3, 1, 2, 1, 3].map((watts, n) => write.insert(lamps, lamp(`k${n}`, { watts }))),
      );
      const find = async (order: string | undefined, limit = 100, offset = 0) => {
        const page = await store.records.find(lamps, { ...(order && { order }), limit, offset });
        expect(page.total).toBe(5);
        return page.records.map(({ value }) => value.id).join(' ');
      };
      expect(await find(undefined)).toBe('k0 k1 k2 k3 k4');
      expect(await find('watts')).toBe('k1 k3 k2 k0 k4');
      expect(await find('-watts')).toBe('k0 k4 k2 k1 k3');
      expect(await find('watts', 2, 1)).toBe('k3 k2');
      expect(await find('watts', 0)).toBe('');
    });

    it('walks over all in order, in pages that begin anywhere among equals', async () => {
      const many = Array.from({ length: 25 }, (_, n) => lamp(`w${n}`, { watts: n < 12 ? 5 : n }));
      await store.records.commit(many.map((each) => write.insert(lamps, each)));
      for (const page of [1, 2, 7, 25, 100]) {
        const seen: number[] = [];
        const ids = new Set<string>();
        for await (const { id, watts } of eachRecord(store.records, lamps, { by: 'watts', from: 5, page })) {
          seen.push(watts);
          ids.add(id);
        }
        expect([page, seen.length, ids.size]).toEqual([page, 25, 25]);
        expect(seen).toEqual(seen.toSorted((left, right) => left - right));
      }
    });

    it('sorts null before everything', async () => {
      await store.records.commit([
        write.insert(lamps, lamp('a', { ward: 'x' })),
        write.insert(lamps, lamp('b', { ward: null })),
      ]);
      const up = await store.records.find(lamps, { order: 'ward' });
      const down = await store.records.find(lamps, { order: '-ward' });
      expect(up.records.map(({ value }) => value.id)).toEqual(['b', 'a']);
      expect(down.records.map(({ value }) => value.id)).toEqual(['a', 'b']);
    });

    it('refuses queries that make no sense', async () => {
      const refused = { code: 'query' };
      await expect(store.records.find(lamps, { where: { colour: 'red' } })).rejects.toMatchObject(refused);
      await expect(store.records.find(lamps, { where: { constructor: 'x' } })).rejects.toMatchObject(refused);
      await expect(store.records.find(lamps, { order: 'watts; drop table r_lamp' })).rejects.toMatchObject(
        refused,
      );
      await expect(store.records.find(lamps, { limit: 10_001 })).rejects.toMatchObject(refused);
      await expect(store.records.find(lamps, { limit: -1 })).rejects.toMatchObject(refused);
      await expect(store.records.find(lamps, { offset: 0.5 })).rejects.toMatchObject(refused);
      await expect(store.records.find(lamps, { where: { watts: {} } })).rejects.toMatchObject(refused);
      await expect(store.records.count(lamps, { watts: undefined } as never)).rejects.toMatchObject(refused);
      await expect(store.records.count(lamps, { watts: { above: 3 } } as never)).rejects.toMatchObject(
        refused,
      );
    });

    it('holds nothing under what cannot be a key', async () => {
      for (const key of ['', 'x'.repeat(513), 'nul\0'])
        expect(await store.records.get(lamps, key)).toBeUndefined();
    });

    it('refuses values that do not fit their schema or key, and writes nothing of that commit', async () => {
      const refused = { code: 'invalid-record' };
      const bad = [
        write.put(lamps, { ...lamp('a'), watts: 'many' as never }),
        write.put(lamps, { ...lamp('a'), watts: Number.NaN }),
        write.put(lamps, lamp('')),
        write.put(lamps, lamp('x'.repeat(513))),
        write.put(lamps, lamp('nul\0')),
        write.update(lamps, lamp('a'), 0),
        write.delete(lamps, ''),
      ];
      for (const one of bad) {
        await expect(store.records.commit([write.put(lamps, lamp('ok')), one])).rejects.toMatchObject(
          refused,
        );
      }
      const unreadable = { ...entry('x'), detail: { list: [1] } } as never;
      await expect(store.records.commit([write.put(lamps, lamp('ok'))], [unreadable])).rejects.toMatchObject(
        refused,
      );
      expect(await store.records.count(lamps)).toBe(0);
    });

    it('adds an index to a kind that has records already, and computes one again whose function changed', async () => {
      await store.records.commit(
        Array.from({ length: 600 }, (_, n) => write.insert(lamps, lamp(`k${n}`, { watts: n }))),
      );
      store = await store.reopen();
      const more = recordKind<Lamp>({
        ...lamps,
        indexes: { ...lamps.indexes, bright: ({ watts }) => watts >= 400, watts: ({ watts }) => -watts },
      });
      expect(await store.records.count(more, { bright: true })).toBe(200);
      expect(await store.records.count(more, { watts: { lt: -500 } })).toBe(99);
    });

    it('finds, sorts and counts alike in a kind whose indexes are lean, also when it became so later', async () => {
      const lean = recordKind<Lamp>({ ...lamps, name: 'lean_lamp', lean: ['ward', 'lit'] });
      const many = Array.from({ length: 120 }, (_, n) =>
        lamp(`k${(n * 37) % 120}`, {
          ward: [null, 'Phú Hội', 'Vỹ Dạ'][n % 3]!,
          watts: n % 7,
          lit: n % 2 === 0,
        }),
      );
      await store.records.commit(
        many.flatMap((each) => [write.insert(lamps, each), write.insert(lean, each)]),
      );
      const queries: RecordQuery[] = [
        { order: 'ward' },
        { order: '-watts', limit: 30, offset: 15 },
        { where: { ward: null }, order: 'lit' },
        { where: { ward: 'Vỹ Dạ', lit: true } },
        { where: { watts: { gte: 2, lt: 5 } }, order: '-ward' },
      ];
      const alike = async (one: typeof lamps, other: typeof lamps): Promise<void> => {
        for (const query of queries)
          expect(await store.records.find(one, query)).toEqual(await store.records.find(other, query));
      };
      await alike(lamps, lean);
      store = await store.reopen();
      await alike({ ...lamps, lean: ['ward', 'watts', 'lit'] }, { ...lean, lean: [] });
      store = await store.reopen();
      await alike(lamps, { ...lean, lean: ['watts'] });
    });

    it('fills in the default of a field that older records lack', async () => {
      const old = recordKind({ ...lamps, schema: z.any(), indexes: {} });
      const { note: _, ...without } = lamp('a');
      await store.records.commit([write.insert(old, without)]);
      store = await store.reopen();
      expect((await store.records.get(lamps, 'a'))?.value.note).toBe('');
      expect(await store.records.count(lamps, { watts: 40 })).toBe(1);
    });

    it('refuses one kind declared twice with different indexes', async () => {
      await store.records.count(lamps);
      await expect(store.records.count(recordKind({ ...lamps, indexes: {} }))).rejects.toMatchObject({
        code: 'invalid-record',
      });
    });

    it('refuses kinds whose names cannot be tables or columns', async () => {
      for (const name of ['', 'Lamp', 'lamp;drop', 'x'.repeat(60)]) {
        await expect(store.records.count(recordKind({ ...lamps, name }))).rejects.toMatchObject({
          code: 'invalid-record',
        });
      }
      const twice = recordKind({ ...lamps, name: 'twice', indexes: { a: () => 1, A: () => 2 } });
      await expect(store.records.count(twice)).rejects.toMatchObject({ code: 'invalid-record' });
    });

    it('refuses everything once closed', async () => {
      await store.records.close();
      await store.records.close();
      await expect(store.records.get(lamps, 'a')).rejects.toMatchObject({ code: 'closed' });
      await expect(store.records.commit([write.put(lamps, lamp('a'))])).rejects.toMatchObject({
        code: 'closed',
      });
      await expect(store.audit.size()).rejects.toMatchObject({ code: 'closed' });
    });

    describe('and of its audit log', () => {
      it('appends entries in the order of the commits, with the text that they were given', async () => {
        const odd = entry('lamp:a', { detail: { '10': 'a', '9': 'b', ký: 'đài', __proto__x: 'p' } });
        await store.records.commit([], [odd, entry('lamp:b')]);
        await store.records.commit([], [entry('lamp:c')]);
        const leaves = await store.audit.entries(0, 10);
        expect(leaves.map(({ entry: { target } }) => target)).toEqual(['lamp:a', 'lamp:b', 'lamp:c']);
        expect(leaves[0]?.entry).toEqual(odd);
        expect((await store.audit.entries(1, 1)).map(({ index }) => index)).toEqual([1]);
      });

      it('proves inclusion and consistency between all of its sizes', async () => {
        const sizes = [1, 2, 3, 5, 7, 15, 16, 17, 32, 37];
        const size = sizes.at(-1)!;
        const roots: string[] = [];
        let last = 0;
        for (const next of sizes) {
          const entries = Array.from({ length: next - last }, (_, n) => entry(`n:${last + n}`));
          await store.records.commit([], entries);
          roots[next] = (await store.audit.checkpoint()).root;
          last = next;
        }
        const leaves = await store.audit.entries(0, size);
        for (const to of sizes) {
          for (let n = 0; n < to; n++) {
            const path = await store.audit.inclusionProof(n, to);
            expect(verifyInclusion(leaves[n]!.hash, n, to, path, roots[to]!)).toBe(true);
            expect(verifyInclusion(leaves[n]!.hash, (n + 1) % to, to, path, roots[to]!)).toBe(to === 1);
          }
          for (const from of sizes.filter((earlier) => earlier <= to)) {
            const proof = await store.audit.consistencyProof(from, to);
            expect(verifyConsistency(from, to, proof, roots[from]!, roots[to]!)).toBe(true);
            if (from < to) expect(verifyConsistency(from, to, proof, roots[to]!, roots[to]!)).toBe(false);
          }
        }
        expect(await store.audit.verify()).toMatchObject({
          intact: true,
          size,
          checkpoints: sizes.length,
          faults: [],
        });
      });

      it('refuses proofs about leaves and sizes that it does not have', async () => {
        await store.records.commit([], [entry('lamp:a')]);
        const refused = { code: 'query' };
        await expect(store.audit.inclusionProof(1, 1)).rejects.toMatchObject(refused);
        await expect(store.audit.inclusionProof(0, 2)).rejects.toMatchObject(refused);
        await expect(store.audit.consistencyProof(2, 1)).rejects.toMatchObject(refused);
        await expect(store.audit.entries(-1, 1)).rejects.toMatchObject(refused);
        await expect(store.audit.entries(0, 1e6)).rejects.toMatchObject(refused);
      });

      it('verifies an empty log, and signs it', async () => {
        expect(await store.audit.checkpoint()).toMatchObject({ size: 0 });
        expect(await store.audit.verify()).toMatchObject({ intact: true, size: 0, checkpoints: 1 });
      });
    });
  });
}
