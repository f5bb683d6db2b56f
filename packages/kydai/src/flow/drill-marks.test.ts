import type { Detection, EntityRef } from '@kydai/contracts';
import { describe, expect, it } from 'vitest';
import { judgeDrillMark, refusedDrillMark } from './drill-marks.ts';

const register = new Map([
  ['drill-camera-1', true],
  ['cam-1', false],
]);
const judged = (entities: readonly EntityRef[], drill = true) => {
  const detection: Detection = {
    id: 'd',
    rule: { id: 'r', title: 'One key from two sites' },
    level: 'high',
    time: 0,
    firstEventTime: 0,
    detected: 0,
    eventIds: [],
    eventCount: 1,
    entities,
    techniques: [],
    tags: ['kydai.stolen-certificate'],
    drill,
  };
  return judgeDrillMark(detection, (id) => register.get(id));
};
const device = (id: string): EntityRef => ({ type: 'device', id });
const host = (id: string): EntityRef => ({ type: 'host', id });

describe('the drill mark of a detection', () => {
  it('is honoured where every device is registered for drills', () => {
    expect(judged([device('drill-camera-1'), host('edge-north')])).toMatchObject({
      drill: true,
      tags: ['kydai.stolen-certificate'],
    });
    expect(judged([host('drill-camera-1')]).drill).toBe(true);
  });

  it.each([
    ['a real device', [device('cam-1')]],
    ['a device that the register does not know', [device('ghost')]],
    ['a drill device beside a real one', [device('drill-camera-1'), device('cam-1')]],
    ['a drill device on a real device as host', [device('drill-camera-1'), host('cam-1')]],
    ['no device at all', [host('web-1'), { type: 'address', id: '198.51.100.9' } as const]],
    ['nothing', []],
  ])('is refused and said on %s', (_what, entities) => {
    expect(judged(entities)).toMatchObject({
      drill: false,
      tags: ['kydai.stolen-certificate', refusedDrillMark],
    });
  });

  it('is never put on a live detection', () => {
    expect(judged([device('drill-camera-1')], false)).toMatchObject({
      drill: false,
      tags: ['kydai.stolen-certificate'],
    });
  });
});
