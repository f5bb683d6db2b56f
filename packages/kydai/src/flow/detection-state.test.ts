import { mkdtempSync, readFileSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StatePiece } from '@kydai/siem';
import { describe, expect, it } from 'vitest';
import { readState, stateLines, writeStateInTurns, writeStateNow } from './detection-state.ts';

const file = () => join(mkdtempSync(join(tmpdir(), 'kydai-state-')), 'detection.json');
const head = { definition: 'd', watermark: 1, late: 0, evicted: 0 };
const group = (name: string) => ({
  values: [name],
  quiet: false,
  newest: 1,
  opened: 1,
  touched: 1,
  samples: [],
});
const pieces: readonly StatePiece[] = [
  { rule: 'r', state: { ...head, groups: [group('a'), group('b')] } },
  { rule: 'r', state: { ...head, groups: [group('c')] } },
  { rule: 's', state: { ...head, groups: [] } },
];
const detector = { checkpoint: () => pieces };
const given = { through: '0190', pending: [] };
const never = new AbortController().signal;

describe('the kept state of the detection', () => {
  it('is read as it was written, at once or in turns', async () => {
    for (const write of [
      (path: string) => writeStateNow(path, stateLines(detector, given)),
      (path: string) => writeStateInTurns(path, stateLines(detector, given), never),
    ]) {
      const path = file();
      await write(path);
      const { through, pending, pieces: read } = readState(path);
      expect({ through, pending }).toEqual(given);
      expect([...read]).toEqual(pieces);
    }
  });

  it('is refused wherever it is cut off', () => {
    const path = file();
    writeStateNow(path, stateLines(detector, given));
    const whole = readFileSync(path).length;
    for (let length = whole - 2; length > 0; length -= 7) {
      truncateSync(path, length);
      expect(() => [...readState(path).pieces]).toThrow();
    }
  });

  it('that is being written when the program stops leaves the one before as it was', async () => {
    const path = file();
    writeStateNow(path, stateLines(detector, given));
    const stop = new AbortController();
    const many = { checkpoint: () => Array.from({ length: 20_000 }, () => pieces[0]!) };
    const writing = writeStateInTurns(path, stateLines(many, { ...given, through: '0191' }), stop.signal);
    stop.abort();
    expect(await writing).toBe(false);
    expect(readState(path).through).toBe('0190');
  });
});
