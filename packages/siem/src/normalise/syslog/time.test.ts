import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readBsdTime, readIsoTime, TimeReader, zoneOffset } from './time.ts';

const anyDate = fc.date({ min: new Date('1971-01-01'), max: new Date('2199-01-01'), noInvalidDate: true });

describe('RFC 3339 times', () => {
  test('are read as Date reads them', () => {
    fc.assert(
      fc.property(anyDate, (date) => {
        const text = date.toISOString();
        expect(readIsoTime(text, 0)).toEqual({ ms: date.getTime(), end: text.length, zoned: true });
      }),
    );
  });

  test.each([
    '2026-13-01T00:00:00Z',
    '2026-01-32T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01',
    '2026-01-01T0a:00:00Z',
    '',
  ])('`%s` is none', (text) => {
    expect(readIsoTime(text, 0)).toBeUndefined();
  });

  test('take an offset with or without a colon, and any fraction', () => {
    expect(readIsoTime('2026-11-21T20:00:00.123456789+0700', 0)?.ms).toBe(
      Date.parse('2026-11-21T13:00:00.123Z'),
    );
    expect(readIsoTime('2026-11-21T08:30:00-04:30', 0)?.ms).toBe(Date.parse('2026-11-21T13:00:00Z'));
  });
});

describe('RFC 3164 times', () => {
  test('written without a year within half a year of receipt come back exactly', () => {
    fc.assert(
      fc.property(anyDate, fc.integer({ min: 0, max: 360 * 86_400 }), (near, ago) => {
        const ms = Math.floor(near.getTime() / 1000) * 1000 - ago * 1000;
        const date = new Date(ms);
        if (date.getUTCMonth() === 1 && date.getUTCDate() === 29) return;
        const month = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][
          date.getUTCMonth()
        ];
        const text = `${month} ${String(date.getUTCDate()).padStart(2)} ${date.toISOString().slice(11, 19)}`;
        expect(readBsdTime(text, 0, near.getTime())?.ms).toBe(ms);
      }),
    );
  });

  test.each(['2028-03-01T00:00:00Z', '2029-02-01T00:00:00Z'])(
    'of a leap day are read in a leap year, from %s',
    (near) => {
      expect(readBsdTime('Feb 29 10:00:00', 0, Date.parse(near))?.ms).toBe(
        Date.parse('2028-02-29T10:00:00Z'),
      );
    },
  );

  test.each([
    'Feb 31 10:00:00',
    'Feb 29 10:00:00',
    'Apr 31 2026 10:00:00',
    'Nov 21 25:00:00',
    'Nov  0 10:00:00',
  ])('that no calendar has are not rolled into another day: %s', (text) => {
    expect(readBsdTime(text, 0, Date.parse('2026-11-21T00:00:00Z'))).toMatchObject({ ms: Number.NaN });
  });

  test('never throw', () => {
    fc.assert(fc.property(fc.string(), (text) => void readBsdTime(`Nov ${text}`, 0, 0)));
  });
});

test('a reader that remembers says what one that does not remember says', () => {
  const text = fc.constantFrom(
    'Nov 21 20:26:00 host',
    'Nov 21 20:26:00 2025 host',
    'Nov 21 20:26:00.5 host',
    'Nov 21 20:26:00',
    'Nov 21 20:26:01 10.0.0.1',
    'Jan  1 00:00:00 host',
    'nonsense',
  );
  const near = fc.constantFrom(
    Date.parse('2026-11-21T13:26:00Z'),
    Date.parse('2026-12-31T23:59:30Z'),
    Date.parse('2027-01-01T00:00:10Z'),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(text, near)), (lines) => {
      const zone = zoneOffset('+07:00');
      const reader = new TimeReader(zone);
      for (const [line, received] of lines) {
        expect(reader.bsd(line, 0, received)).toEqual(new TimeReader(zone).bsd(line, 0, received));
      }
    }),
  );
});

describe('a zone', () => {
  test('is an offset or an IANA name with its summer time', () => {
    expect(zoneOffset('+07:00')(0)).toBe(7 * 3_600_000);
    expect(zoneOffset('Asia/Ho_Chi_Minh')(Date.parse('2026-11-21T20:00:00Z'))).toBe(7 * 3_600_000);
    const berlin = zoneOffset('Europe/Berlin');
    expect(berlin(Date.parse('2026-07-01T12:00:00Z'))).toBe(2 * 3_600_000);
    expect(berlin(Date.parse('2026-12-01T12:00:00Z'))).toBe(3_600_000);
  });

  test('that does not exist is refused', () => {
    expect(() => zoneOffset('Mars/Olympus')).toThrow(expect.objectContaining({ code: 'unknown-zone' }));
  });
});
