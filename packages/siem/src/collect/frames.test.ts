import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameSplitter } from './frames.ts';

interface Seen {
  readonly text: string;
  readonly fault: string | undefined;
}

function split(chunks: readonly (string | Buffer)[], lineBytes = 1000, frameBytes = 10_000) {
  const splitter = new FrameSplitter(lineBytes, frameBytes);
  const seen: Seen[] = [];
  const sink = (text: string, _bytes: number, fault: string | undefined) => {
    seen.push({ text, fault });
    return true;
  };
  let state = 'more';
  for (const chunk of chunks) {
    state = splitter.read(typeof chunk === 'string' ? Buffer.from(chunk) : chunk, sink);
    expect(splitter.held).toBeLessThanOrEqual(lineBytes + 64);
    if (state === 'endless') break;
  }
  splitter.end(sink);
  return { texts: seen.map(({ text }) => text), seen, state };
}

describe('framing', () => {
  test('by newline, also with a carriage return or a NUL before it', () => {
    expect(split(['<1>a\n<1>b\r\n<1>c\0\n\n\n']).texts).toEqual(['<1>a', '<1>b', '<1>c']);
  });

  test('by octet count, with newlines inside', () => {
    expect(split(['7 <1>a\nbc5 <1>de']).texts).toEqual(['<1>a\nbc', '<1>de']);
  });

  test('may change in one stream, and a counted frame may be followed by a newline all the same', () => {
    expect(split(['4 <1>a\n<1>b\n5 <1>cd\n<1>e']).texts).toEqual(['<1>a', '<1>b', '<1>cd', '<1>e']);
  });

  test('does not take text that begins with a number for a count', () => {
    expect(split(['12 angry men\n2026-11-21 x\n99999999999 <1>a\n']).texts).toEqual([
      '12 angry men',
      '2026-11-21 x',
      '99999999999 <1>a',
    ]);
  });

  test('is the same however the stream is cut into chunks', () => {
    const line = fc.stringMatching(/^<13>[a-zàéđ\u{1f600} 0-9]{0,40}x$/u);
    const frame = fc.record({ line, counted: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 20 }),
        fc.array(fc.nat(30), { maxLength: 60 }),
        (frames, cuts) => {
          const whole = Buffer.concat(
            frames.map(({ line, counted }) => {
              const bytes = Buffer.from(line);
              return counted
                ? Buffer.concat([Buffer.from(`${bytes.length} `), bytes])
                : Buffer.concat([bytes, Buffer.from('\n')]);
            }),
          );
          const chunks: Buffer[] = [];
          let at = 0;
          for (const cut of cuts) {
            chunks.push(whole.subarray(at, at + cut));
            at += cut;
          }
          chunks.push(whole.subarray(at));
          const { seen } = split(chunks);
          expect(seen).toEqual(frames.map(({ line }) => ({ text: line, fault: undefined })));
        },
      ),
    );
  }, 30_000);
});

describe('a hostile sender', () => {
  test('of long lines gets them cut and flagged, and the next line is whole', () => {
    const { seen } = split(['x'.repeat(2500), 'y'.repeat(500), '\n<1>next\n']);
    expect(seen.map(({ text }) => text.length)).toEqual([1000, 7]);
    expect(seen[0]!.fault).toMatch(/longer than 1000 bytes/);
    expect(seen[1]).toEqual({ text: '<1>next', fault: undefined });
    const counted = split([`3000 <1>${'x'.repeat(2997)}`, '7 <1>next']);
    expect(counted.seen.map(({ text }) => text.length)).toEqual([1000, 7]);
  });

  test('that never ends a frame is told apart, holding no more than one line', () => {
    expect(split(Array.from({ length: 20 }, () => 'x'.repeat(1000))).state).toBe('endless');
    expect(split(['999999999 <1>', ...Array.from({ length: 20 }, () => 'x'.repeat(1000))]).state).toBe(
      'endless',
    );
  });

  test('that is cut off leaves what it sent, flagged where the end is known to be missing', () => {
    expect(split(['<1>half']).seen).toEqual([{ text: '<1>half', fault: undefined }]);
    expect(split(['20 <1>half']).seen).toEqual([
      { text: '<1>half', fault: 'frame was cut off after 7 of 20 bytes' },
    ]);
    expect(split(['20']).texts).toEqual(['20']);
  });

  test('of invalid UTF-8 and NULs is kept with replacements, flagged', () => {
    const { seen } = split([Buffer.from([60, 49, 62, 0xff, 0xfe, 0, 97, 10])]);
    expect(seen).toEqual([
      { text: '<1>\ufffd\ufffd\u2400a', fault: 'line is not valid UTF-8; line holds NUL bytes' },
    ]);
  });

  test('of any bytes at all never breaks it', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (chunks) => {
        split(
          chunks.map((chunk) => Buffer.from(chunk)),
          50,
          500,
        );
      }),
    );
  }, 30_000);
});

test('a full sink stops the splitter, which goes on where it was', () => {
  const splitter = new FrameSplitter(100, 1000);
  const seen: string[] = [];
  let room = 2;
  const sink = (text: string) => {
    if (room === 0) return false;
    room--;
    seen.push(text);
    return true;
  };
  expect(splitter.read(Buffer.from('<1>a\n<1>b\n<1>c\n<1>d'), sink)).toBe('full');
  expect(seen).toEqual(['<1>a', '<1>b']);
  room = 9;
  expect(splitter.read(Buffer.alloc(0), sink)).toBe('more');
  expect(splitter.read(Buffer.from('e\n'), sink)).toBe('more');
  expect(seen).toEqual(['<1>a', '<1>b', '<1>c', '<1>de']);
});
