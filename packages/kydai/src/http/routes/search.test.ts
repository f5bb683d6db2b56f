import { recordKind, write } from '@kydai/contracts';
import { MemoryRecords } from '@kydai/contracts/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { holdsWords, named, narrowedPage, searchPage } from './search.ts';

const Lamp = z.object({ id: z.string(), watts: z.number() });
const lamps = recordKind<z.infer<typeof Lamp>>({
  name: 'lamp',
  schema: Lamp,
  key: ({ id }) => id,
  indexes: { id: ({ id }) => id, watts: ({ watts }) => watts },
});

async function store(ids: readonly string[]) {
  const records = new MemoryRecords();
  await records.commit(ids.map((id, at) => write.insert(lamps, { id, watts: at })));
  return records;
}
const numbered = (count: number, name: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => name(n));

describe('names that hold letters', () => {
  it('are found wherever the letters are', async () => {
    const records = await store(['cam-dong-ba-01', 'cam-kim-long-01', 'dong-ba']);
    expect(await named(records, lamps, 'id', 'ng-BA')).toEqual({
      where: { id: ['cam-dong-ba-01', 'dong-ba'] },
    });
    expect(await named(records, lamps, 'id', 'none')).toEqual({ where: { id: [] } });
    expect(await named(records, lamps, 'id', '')).toEqual({ where: {} });
  });

  it('are those that begin so where more than a thousand hold them, and it says so', async () => {
    const records = await store(numbered(1001, (n) => `cam-${n}`));
    expect(await named(records, lamps, 'id', 'cam')).toMatchObject({
      named: 'beginning',
      where: { id: { gte: 'cam' } },
    });
    const found = await named(records, lamps, 'id', 'am-');
    expect(found.named).toBe('first');
    expect(found.where['id']).toHaveLength(1000);
  });
});

describe('a list that is narrowed', () => {
  it('is found by what leaves few, or met in order where nothing does', async () => {
    const records = await store(numbered(6000, (n) => `l${String(n).padStart(4, '0')}`));
    const asked: unknown[] = [];
    const find = records.find.bind(records);
    records.find = (kind, query) => {
      asked.push(query?.aside);
      return find(kind, query);
    };
    const query = { order: '-watts', limit: 2, offset: 0 };
    const few = await narrowedPage(records, lamps, { ...query, where: { id: { lt: 'l0003' } } });
    expect(few).toMatchObject({ total: 3, items: [{ id: 'l0002' }, { id: 'l0001' }] });
    const many = await narrowedPage(records, lamps, { ...query, where: { id: { gte: 'l0003' } } });
    expect(many).toMatchObject({ total: 5997, items: [{ id: 'l5999' }, { id: 'l5998' }] });
    expect(asked).toEqual([['watts'], ['id']]);
  });
});

describe('a list that is looked through', () => {
  it('says of how many where it was not all, and goes no further', async () => {
    const records = await store(numbered(3000, (n) => `l${String(n).padStart(4, '0')}`));
    const asked = { where: {}, order: 'id', limit: 2, offset: 1, passes: () => true };
    const bounded = await searchPage(records, lamps, { ...asked, most: 2000 });
    expect(bounded).toMatchObject({ total: 2000, searched: 2000, items: [{ id: 'l0001' }, { id: 'l0002' }] });
    const all = await searchPage(records, lamps, {
      ...asked,
      most: 5000,
      sort: ({ watts }) => watts,
      falls: true,
    });
    expect(all).toEqual({
      total: 3000,
      items: [expect.objectContaining({ id: 'l2998' }), expect.anything()],
    });
  });

  it('compares words without case and marks', () => {
    const holds = holdsWords('  den DONG ');
    expect(holds(['Đèn tín hiệu', undefined, 'cầu Đông Ba'])).toBe(true);
    expect(holds(['Đèn tín hiệu'])).toBe(false);
  });
});
