import { describe, expect, it } from 'vitest';
import { columns, duration, oneLine, styled, visible } from './output.ts';

describe('columns', () => {
  it('line up, also under Vietnamese letters made of several marks', () => {
    const rows = columns([
      ['sự cố'.normalize('NFD'), 'x'],
      ['incident', 'y'],
    ]);
    expect(rows.normalize('NFC')).toBe('sự cố     x\nincident  y\n');
  });
});

describe('what came from outside', () => {
  const terminal = { write: () => {}, terminal: true };

  it('commands no terminal', () => {
    const hostile = '\u001b[2Jgone\u001b]0;title\u0007\r\u009b31m\u202etxt.exe\u0000\u001b[8mhidden';
    expect(visible(hostile, true)).toBe(
      '\\u001b[2Jgone\\u001b]0;title\\u0007\\u000d\\u009b31m\\u202etxt.exe\\u0000\\u001b[8mhidden',
    );
    expect(visible('Sự cố\tđã đóng\n[31m', true)).toBe('Sự cố\tđã đóng\n[31m');
    expect(visible('\r[31m', true)).toBe('\\u000d[31m');
    expect(visible(styled(terminal, 'red', 'error'), true)).toBe('\u001b[31merror\u001b[39m');
    expect(visible('\u001b[31mred', false)).toBe('\\u001b[31mred');
    expect(styled(terminal, 'red', '\u001b[32mfine')).not.toContain('\u001b[32m');
  });

  it('leaves JSON what it was', () => {
    const value = { name: 'a\u009b\u202eb\u007f' };
    expect(JSON.parse(visible(JSON.stringify(value), true))).toEqual(value);
  });

  it('makes no lines and no rows of its own', () => {
    expect(oneLine('a\r\nb')).toBe('a\\r\\nb');
    expect(columns([['a\nINC-1', 'x']])).toBe('a\\nINC-1  x\n');
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
