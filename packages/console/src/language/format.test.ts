import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFormatter } from './format.ts';

const vi = createFormatter('vi', 'vietnam');
const en = createFormatter('en', 'utc');
const at = Date.UTC(2026, 10, 21, 20, 15, 9, 42);
const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000];

describe('times', () => {
  it('are shown in Viet Nam time unless the reader chose otherwise', () => {
    expect(vi.exact(at)).toBe('22/11/2026 03:15:09');
    expect(en.exact(at)).toBe('21/11/2026 20:15:09');
  });

  it('carry milliseconds where they decide', () => {
    expect(en.clock(at, true)).toBe('20:15:09.042');
  });

  it('carry the day only when it is another one', () => {
    expect(en.short(at, at + minute)).toBe('20:15');
    expect(en.short(at, at + day)).toBe('21/11 20:15');
    expect(vi.short(at, at + 2 * day)).toBe('22/11 03:15');
  });

  it('are told in the past and in the future', () => {
    expect(vi.relative(at - 3 * minute, at)).toBe('3 phút trước');
    expect(en.relative(at + 2 * hour, at)).toBe('in 2 hours');
    expect(vi.relative(at - 900, at)).toBe('vừa xong');
  });
});

describe('durations', () => {
  it('are as exact as their size deserves', () => {
    expect(vi.duration(850)).toBe('850 ms');
    expect(vi.duration(12_420)).toBe('12,4 giây');
    expect(vi.duration(3 * minute + 20 * second)).toBe('3 phút 20 giây');
    expect(en.duration(2 * hour)).toBe('2 h');
    expect(vi.duration(3 * day + 4 * hour)).toBe('3 ngày 4 giờ');
    expect(vi.duration(42 * day + 11 * hour)).toBe('42 ngày');
    expect(vi.duration(3650 * day)).toBe('9,9 năm');
  });

  it('never round up into a unit that was not reached', () => {
    expect(en.duration(59_999)).toBe('59.9 s');
    expect(en.duration(hour - 1)).toBe('59 min 59 s');
  });

  it('are never negative, empty or NaN', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e13, max: 1e13, noNaN: true }), (length) => {
        expect(vi.duration(length)).toMatch(/^\d/);
        expect(vi.duration(length)).not.toMatch(/NaN|-/);
      }),
    );
  });
});

describe('figures', () => {
  it('stay exact while they are short', () => {
    expect(vi.compact(9_999)).toBe('9.999');
    expect(en.compact(1_234_567)).toBe('1.2M');
  });

  it('name bytes in decimal units', () => {
    expect(en.bytes(0)).toBe('0 B');
    expect(en.bytes(999)).toBe('999 B');
    expect(en.bytes(1_500_000)).toBe('1.5 MB');
  });
});
