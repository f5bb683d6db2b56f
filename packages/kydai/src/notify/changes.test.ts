import type { RecordStore, Write } from '@kydai/contracts';
import { describe, expect, it } from 'vitest';
import type { Change } from './change.ts';
import { openChangeLog, type StandingChange } from './changes.ts';
import { openTestRecords as memory } from './testing/records.ts';

const quiet = { error: () => {} };
const released = (device: string): Change => ({ type: 'device-released', device });
const open = (records: RecordStore, size?: number) =>
  openChangeLog({ records, clock: { now: () => 1 }, log: quiet, ...(size === undefined ? {} : { size }) });
type Log = Awaited<ReturnType<typeof open>>;
const devices = (log: Log, id: string) =>
  log.after(id)?.map(({ change }) => 'device' in change && change.device);
const publish = async (log: Log, ...names: string[]) => {
  const places: string[] = [];
  for (const name of names) {
    log.publish(released(name));
    await log.settled();
    places.push(log.newest);
  }
  return places;
};

describe('the log of changes', () => {
  it('gives what came after a place, and nothing after the newest', async () => {
    const log = await open(await memory());
    const origin = log.newest;
    const places = await publish(log, 'x', 'y', 'z');
    expect(devices(log, places[0]!)).toEqual(['y', 'z']);
    expect(devices(log, origin)).toEqual(['x', 'y', 'z']);
    expect(devices(log, log.newest)).toEqual([]);
  });

  it('gives what was missed over a restart', async () => {
    const records = await memory();
    const [place] = await publish(await open(records), 'x', 'y');
    const log = await open(records);
    await publish(log, 'z');
    expect(devices(log, place!)).toEqual(['y', 'z']);
  });

  it('keeps a bounded number, in memory and on disk, and knows what it has forgotten', async () => {
    const records = await memory();
    const log = await open(records, 3);
    const origin = log.newest;
    const places = await publish(log, '1', '2', '3', '4', '5');
    for (const each of [log, await open(records, 3)]) {
      expect(devices(each, places[2]!)).toEqual(['4', '5']);
      expect(devices(each, places[0]!)).toBeUndefined();
      expect(devices(each, origin)).toBeUndefined();
    }
  });

  it('takes a number that is given out again, as after a restored backup, for another place', async () => {
    const [, , before] = await publish(await open(await memory()), 'x', 'y', 'z');
    const restored = await open(await memory());
    const [, , now] = await publish(restored, 'x', 'y', 'other', 'more');
    expect(now!.split('-')[0]).toBe(before!.split('-')[0]);
    expect(restored.after(before!)).toBeUndefined();
  });

  it.each(['', 'b-1', '1-', '99-00000000', '-1', 'constructor'])(
    'does not know the place `%s`',
    async (place) => {
      const log = await open(await memory());
      await publish(log, 'x');
      expect(log.after(place)).toBeUndefined();
    },
  );

  it('tells nobody before a change is durable, and tries again until it is', async () => {
    const records = await memory();
    let failures = 2;
    const heard: string[] = [];
    const commit = async (_: readonly StandingChange[], writes: readonly Write[]) => {
      if (failures-- > 0) throw new Error('disk full');
      await records.commit(writes);
    };
    const log = await openChangeLog({ records, clock: { now: () => 1 }, log: quiet, commit });
    log.subscribe(({ id }) => heard.push(id));
    log.publish(released('x'));
    log.publish(released('y'));
    expect(heard).toEqual([]);
    await log.settled();
    expect(heard).toHaveLength(2);
    expect(failures).toBe(-1);
    expect(devices(await open(records), heard[0]!)).toEqual(['y']);
  });

  it('knows whether a device is compliant by all that was told of it', async () => {
    const seen: StandingChange['compliant'][] = [];
    const records = await memory();
    const log = await openChangeLog({
      records,
      clock: { now: () => 1 },
      log: quiet,
      commit: async (changes, writes) => {
        seen.push(...changes.map(({ compliant }) => compliant));
        await records.commit(writes);
      },
    });
    const fact = { device: 'a', fact: 'risk', source: 'siem' };
    log.publish({ type: 'fact-stale', ...fact });
    log.publish({ type: 'device-quarantined', device: 'a' });
    log.publish({ type: 'fact-renewed', ...fact });
    log.publish({ type: 'device-released', device: 'a' });
    await log.settled();
    expect(seen).toEqual([
      { before: true, after: false },
      { before: false, after: false },
      { before: false, after: false },
      { before: false, after: true },
    ]);
  });
});
