import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyEvent } from '../contract/arbitrary.ts';
import { plain, sample } from '../contract/samples.ts';
import { encodeFrame } from './encode.ts';
import { markFrame, scanFrames } from './frame.ts';
import { eventsOf } from './stored.ts';

const marker = Buffer.from('0123456789abcdef', 'hex');
const group = fc.array(anyEvent, { minLength: 1, maxLength: 4 });

function framed(events: Parameters<typeof encodeFrame>[0]): Buffer {
  const frame = encodeFrame(events);
  markFrame(frame, marker);
  return frame;
}

describe('frames', () => {
  it('give back their events, also from a place in memory that no word begins at', () => {
    fc.assert(
      fc.property(fc.array(group, { maxLength: 5 }), fc.nat({ max: 7 }), (groups, shift) => {
        const segment = Buffer.concat([Buffer.alloc(shift), ...groups.map(framed)]).subarray(shift);
        const { frames, damage } = scanFrames(segment, marker);
        expect(damage).toEqual([]);
        const events = frames.map((frame) => eventsOf(segment, frame).map(plain));
        expect(events).toEqual(groups.map((some) => some.map(stored)));
      }),
    );
  });

  it('of an earlier version, which wrote each text anew, are read', () => {
    const earlier =
      'AAAAAAAAAACQOdrAJwAAALoAAAACAAAAGAAAAAAAAAAkAAAAAMAsyJkBAAAFwCzImQEAACQAAAATAAAANwAAAAkAAABAAAAAJQAAAB4X' +
      'AABlAAAAMggAAHwAAAAZAAAAkhAAAAAAAAD8EwAAhAAAAP4YAACXAAAADwAAAK8AAAABAAAAAcAsyJkBAAAGwCzImQEAACQAAAATAAAA' +
      'NwAAAAkAAACwAAAABQAAAB4FAAC1AAAAMDE5YTAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxc3lzbG9nLXVkcC8xMC4xLjIu' +
      'M3NzaGQuYXV0aEZhaWxlZCBwYXNzd29yZCBmb3IgbGFuIGZyb20gMTAuMS4yLjNGYWlsZWQgcGFzc3dvcmQgZm9yIGxhbjEwLjEuMi4z' +
      'eyJwcm9jZXNzLnBpZCI6IngifXsibGFiZWxzLnNpdGUiOiJj4buVbmcifWJodeG6v2h14bq/AAAAAAAA';
    const segment = Buffer.from(earlier, 'base64');
    const { frames, damage } = scanFrames(segment, Buffer.alloc(8));
    expect(damage).toEqual([]);
    expect(eventsOf(segment, frames[0]!).map(plain)).toEqual([
      {
        id: '019a0000-0000-7000-8000-000000000001',
        time: 1_760_000_000_000,
        received: 1_760_000_000_005,
        source: 'syslog-udp/10.1.2.3',
        dataset: 'sshd.auth',
        raw: 'Failed password for lan from 10.1.2.3',
        fields: {
          'labels.site': 'cổng',
          message: 'Failed password for lan',
          'process.pid': 'x',
          'source.ip': '10.1.2.3',
          'source.port': 4242,
        },
      },
      {
        id: 'b',
        time: 1_760_000_000_001,
        received: 1_760_000_000_006,
        source: 'syslog-udp/10.1.2.3',
        dataset: 'sshd.auth',
        raw: 'huế',
        fields: { message: 'huế' },
      },
    ]);
  });

  it('before a cut stay, and what was cut is a torn tail', () => {
    fc.assert(
      fc.property(fc.array(group, { minLength: 1, maxLength: 5 }), fc.nat(), (groups, cut) => {
        const encoded = groups.map(framed);
        const segment = Buffer.concat(encoded);
        const at = cut % segment.length;
        const { frames, damage } = scanFrames(segment.subarray(0, at), marker);
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
        fc.array(group, { minLength: 1, maxLength: 5 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (groups, where, flip) => {
          const segment = Buffer.concat(groups.map(framed));
          const before = scanFrames(segment, marker).frames;
          const at = where % segment.length;
          segment[at]! ^= flip;
          const after = scanFrames(segment, marker);
          expect(after.frames).toEqual(before.filter(({ start, end }) => at < start || at >= end));
          expect(after.damage).toHaveLength(1);
        },
      ),
    );
  });

  it('are not mistaken for what an event holds, behind damage either', () => {
    const forged = encodeFrame([sample({ raw: 'forged' })]);
    const inner = forged.toString('latin1');
    const segment = Buffer.concat([framed([sample({ raw: inner })]), framed([sample({ raw: 'true' })])]);
    segment[30]! ^= 1;
    const { frames } = scanFrames(segment, marker);
    expect(frames.flatMap((frame) => eventsOf(segment, frame)).map(({ raw }) => raw)).toEqual(['true']);
  });

  it('give back values that are parts of the raw line, wherever they are cut', () => {
    const line = fc.string({
      unit: fc.constantFrom('a', 'é', '😀', '\ud83d', '\ude00', '\ufffd'),
      maxLength: 12,
    });
    const part = fc.tuple(
      fc.constantFrom('user.name', 'message', 'url.path', 'other'),
      fc.nat(12),
      fc.nat(12),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(line, fc.array(part)), { minLength: 1, maxLength: 4 }), (given) => {
        const events = given.map(([raw, parts]) =>
          sample({
            raw,
            fields: Object.fromEntries(parts.map(([name, from, to]) => [name, raw.slice(from, to)])),
          }),
        );
        const segment = framed(events);
        const found = scanFrames(segment, marker).frames.flatMap((frame) => eventsOf(segment, frame));
        expect(found.map(plain)).toEqual(events.map(stored));
      }),
    );
  });

  it('hold a value that is a part of the raw line once', () => {
    const raw = 'login of lan from 10.1.2.3'.padEnd(1_000, '.');
    const without = encodeFrame([sample({ raw })]);
    const fields = { message: raw.slice(9), 'user.name': 'lan', 'source.ip': '10.1.2.3' };
    expect(encodeFrame([sample({ raw, fields })]).length).toBeLessThanOrEqual(without.length + 3 * 8 + 8);
  });

  it('refuse an event with more fields than there are columns', () => {
    const again = Array.from({ length: 600 }, () => ['user.name', 'lan'] as const);
    const event = {
      ...sample(),
      fields: {
        get: () => undefined,
        entries: () => again,
        forEach: (visit: (value: string, name: string) => void) => {
          for (const [name, value] of again) visit(value, name);
        },
      },
    };
    expect(() => encodeFrame([event])).toThrow(expect.objectContaining({ code: 'invalid-event' }));
    expect(
      eventsOf(framed([sample({ raw: 'after' })]), onlyFrame(framed([sample({ raw: 'after' })]))),
    ).toHaveLength(1);
  });

  it('keep halves of a pair apart that stand alone at the edges of two texts', () => {
    const event = sample({
      raw: 'x\ud83d',
      fields: { 'user.name': '\ude00y', 'user.domain': 'é\ud83d', 'user.id': '\ude00' },
    });
    const segment = framed([event, sample({ raw: 'ký' })]);
    const [first, second] = eventsOf(segment, scanFrames(segment, marker).frames[0]!);
    expect(plain(first)).toMatchObject({
      raw: 'x\ufffd',
      fields: { 'user.name': '\ufffdy', 'user.domain': 'é\ufffd', 'user.id': '\ufffd' },
    });
    expect(second!.raw).toBe('ký');
  });
});

function onlyFrame(segment: Buffer) {
  return scanFrames(segment, marker).frames[0]!;
}

/** An event as it comes back: well-formed, whole times, finite numbers. */
function stored(event: Parameters<typeof plain>[0]): unknown {
  const text = (value: unknown): unknown => {
    if (typeof value === 'string') return value.toWellFormed();
    if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : null;
    if (Array.isArray(value)) return value.map(text);
    return value;
  };
  const all = plain(event) as Record<string, unknown> & { fields: Record<string, unknown> };
  const fields = Object.fromEntries(
    Object.entries(all.fields)
      .map(([name, value]) => [name.toWellFormed(), text(value)] as const)
      .sort(),
  );
  return { ...all, raw: text(all['raw']), fields };
}
