import { describe, expect, it } from 'vitest';
import { type Change, createChangeLog } from './changes.ts';

const released = (device: string): Change => ({ type: 'device-released', device });
const devices = (log: ReturnType<typeof createChangeLog>, id: string) =>
  log.after(id)?.map(({ change }) => 'device' in change && change.device);

describe('the log of changes', () => {
  it('gives what came after a place, and nothing after the newest', () => {
    const log = createChangeLog({ now: () => 1 }, 'a');
    const places = ['x', 'y', 'z'].map((device) => {
      log.publish(released(device));
      return log.newest;
    });
    expect(devices(log, places[0]!)).toEqual(['y', 'z']);
    expect(devices(log, 'a-0')).toEqual(['x', 'y', 'z']);
    expect(devices(log, log.newest)).toEqual([]);
  });

  it('keeps a bounded number and knows what it has forgotten', () => {
    const log = createChangeLog({ now: () => 1 }, 'a', 3);
    for (const device of ['1', '2', '3', '4', '5']) log.publish(released(device));
    expect(devices(log, 'a-2')).toEqual(['3', '4', '5']);
    expect(log.after('a-1')).toBeUndefined();
  });

  it.each(['', 'b-1', 'a-9', 'a--1', 'a-0.5', 'a-1e9', 'a-NaN'])('does not know the place `%s`', (place) => {
    const log = createChangeLog({ now: () => 1 }, 'a');
    log.publish(released('x'));
    expect(log.after(place)).toBeUndefined();
  });
});
