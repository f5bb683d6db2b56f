import { describe, expect, it } from 'vitest';
import { happeningsOf, needOf, questionOf, subjects } from './happenings.ts';

describe('what may happen', () => {
  it('is asked as the API takes it', () => {
    expect(questionOf('Device', 'cam-1', 'quarantine', '')).toEqual({
      entity: { type: 'Device', id: 'cam-1' },
      set: { quarantined: true },
    });
    expect(questionOf('Device', 'cam-1', 'uncertified', '')).toMatchObject({ set: { certified: false } });
    expect(questionOf('User', 'lan', 'leave', 'ciso')).toMatchObject({
      leave: [{ type: 'Role', id: 'ciso' }],
    });
    expect(questionOf('User', 'lan', 'risk', '90')).toMatchObject({ set: { risk: 90 } });
    expect(questionOf('Agency', 'nuoc', 'remove', '')).toMatchObject({ remove: true });
    expect(questionOf('Policy', 'quarantined-device', 'without', '24')).toEqual({
      policy: 'quarantined-device',
      hours: 24,
    });
  });

  it('is not asked while something is missing or cannot be', () => {
    expect(questionOf('Device', '', 'quarantine', '')).toBeUndefined();
    expect(questionOf('User', 'lan', 'quarantine', '')).toBeUndefined();
    expect(questionOf('User', 'lan', 'leave', '')).toBeUndefined();
    for (const value of ['', '101', '-1', '5.5', 'x'])
      expect(questionOf('Device', 'cam-1', 'risk', value)).toBeUndefined();
  });

  it('is something for every type, and says what else it needs', () => {
    for (const subject of subjects) {
      const [first] = happeningsOf(subject);
      const need = needOf(first!);
      const value = need.kind === 'hours' ? '24' : need.kind === 'nothing' ? '' : '50';
      expect(questionOf(subject, 'x', first!, value), subject).toBeDefined();
    }
  });
});
