import type { Clock, RecordStore } from '@kydai/contracts';
import { describe, expect, it } from 'vitest';
import { type Blocked, openBlockList } from './block-list.ts';
import { isNetwork } from './networks.ts';

/** Opens the list over records that hold these addresses from before. */
const opened = (before: readonly string[] = []) => {
  const held = before.map((id): Blocked => ({ kind: 'address', id, reason: '', by: 'x', at: 0 }));
  const records = {
    find: async () => ({ records: held.map((value) => ({ value, version: 1 })), total: held.length }),
    commit: async () => {},
  } as unknown as RecordStore;
  const clock: Clock = { now: () => 0 };
  return openBlockList(records, clock, { upsert: () => {} }, ['10.1.0.0/16', '203.0.113.7', '2001:db8::/32']);
};

describe('the block list', () => {
  it.each(['10.1.2.3', '203.0.113.7', '2001:db8::9', '127.0.0.1', '::1'])(
    'refuses to block %s, and says why',
    async (address) => {
      const list = await opened();
      await expect(list.block(address, 'r', 'playbook:1')).rejects.toMatchObject({ code: 'invalid' });
      expect(list.has(address)).toBe(false);
    },
  );

  it('blocks others', async () => {
    const list = await opened();
    await list.block('203.0.113.8', 'r', 'playbook:1');
    expect(list.has('203.0.113.8')).toBe(true);
    expect(list.has('::ffff:203.0.113.8')).toBe(true);
    expect(list.addresses()).toEqual(['203.0.113.8']);
  });

  it('does not block where a person works at the console', async () => {
    const list = await opened();
    list.spare('::ffff:203.0.113.8');
    await expect(list.block('203.0.113.8', 'r', 'playbook:1')).rejects.toThrow(/works at the console/);
  });

  it('does not obey a block from before of what it must never block', async () => {
    const list = await opened(['10.1.2.3', '127.0.0.1', '198.51.100.1']);
    expect(['10.1.2.3', '127.0.0.1', '198.51.100.1'].filter((address) => list.has(address))).toEqual([
      '198.51.100.1',
    ]);
    expect(list.addresses()).not.toContain('10.1.2.3');
  });

  it.each([
    ['10.0.0.1', true],
    ['10.0.0.0/8', true],
    ['fd00::/8', true],
    ['10.0.0.0/33', false],
    ['gateway', false],
    ['10.0.0.0/', false],
  ])('takes %s as a network: %s', (text, known) => expect(isNetwork(text)).toBe(known));
});
