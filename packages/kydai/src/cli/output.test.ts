import { describe, expect, it } from 'vitest';
import { columns, duration } from './output.ts';

describe('columns', () => {
  it('line up, also under Vietnamese letters made of several marks', () => {
    const rows = columns([
      ['sự cố'.normalize('NFD'), 'x'],
      ['incident', 'y'],
    ]);
    expect(rows.normalize('NFC')).toBe('sự cố     x\nincident  y\n');
  });
});

describe('durations', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1400, '1.4 s'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
  ])('%d is %s', (ms, text) => expect(duration(ms)).toBe(text));
});
