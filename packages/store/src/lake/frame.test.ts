import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, scanFrames } from './frame.ts';

const texts = fc.array(
  fc.string({ unit: 'grapheme', maxLength: 30 }).map((text) => `${JSON.stringify(text)}\n`),
  { minLength: 1, maxLength: 5 },
);

describe('frames', () => {
  it('come back whole from a segment', () => {
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 6 }), (groups) => {
        const segment = Buffer.concat(groups.map((group) => encodeFrame(group, group.length)));
        const { frames, damage } = scanFrames(segment);
        expect(damage).toEqual([]);
        expect(frames.map(({ bodyStart, end }) => segment.toString('utf8', bodyStart, end))).toEqual(
          groups.map((group) => group.join('')),
        );
        expect(frames.map(({ events }) => events)).toEqual(groups.map((group) => group.length));
      }),
    );
  });

  it('before a cut stay, and what was cut is a torn tail', () => {
    fc.assert(
      fc.property(fc.array(texts, { minLength: 1, maxLength: 5 }), fc.nat(), (groups, cut) => {
        const encoded = groups.map((group) => encodeFrame(group, group.length));
        const segment = Buffer.concat(encoded);
        const at = cut % segment.length;
        const { frames, damage } = scanFrames(segment.subarray(0, at));
        let end = 0;
        let whole = 0;
        for (const frame of encoded) {
          if (end + frame.length > at) break;
          end += frame.length;
          whole++;
        }
        expect(frames).toHaveLength(whole);
        expect(damage).toEqual(end === at ? [] : [{ start: end, end: at }]);
      }),
    );
  });

  it('with one changed byte are left out, and all others stay', () => {
    fc.assert(
      fc.property(
        fc.array(texts, { minLength: 1, maxLength: 5 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (groups, where, flip) => {
          const segment = Buffer.concat(groups.map((group) => encodeFrame(group, group.length)));
          const before = scanFrames(segment).frames;
          const at = where % segment.length;
          segment[at]! ^= flip;
          const after = scanFrames(segment);
          expect(after.frames).toEqual(before.filter(({ start, end }) => at < start || at >= end));
          expect(after.damage).toHaveLength(1);
        },
      ),
    );
  });
});
