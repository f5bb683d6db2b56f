import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PkiError } from '../error.ts';
import { DerReader } from './reader.ts';
import { walk } from './walk.ts';
import {
  bitString,
  boolean,
  context,
  element,
  generalizedTime,
  integer,
  namedBits,
  nothing,
  octetString,
  oid,
  sequence,
  setOf,
  time,
  unsignedInteger,
  utf8String,
} from './writer.ts';

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');
const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof PkiError) return error.code;
    throw error;
  }
  return 'none';
};

describe('the writer', () => {
  it('writes the examples of X.690 and RFC 8410', () => {
    expect(Buffer.from(integer(0)).toString('hex')).toBe('020100');
    expect(Buffer.from(integer(127)).toString('hex')).toBe('02017f');
    expect(Buffer.from(integer(128)).toString('hex')).toBe('02020080');
    expect(Buffer.from(integer(-128)).toString('hex')).toBe('020180');
    expect(Buffer.from(integer(-129)).toString('hex')).toBe('0202ff7f');
    expect(Buffer.from(oid('2.999.3')).toString('hex')).toBe('0603883703');
    expect(Buffer.from(sequence(oid('1.3.101.112'))).toString('hex')).toBe('300506032b6570');
    expect(Buffer.from(namedBits([5, 6])).toString('hex')).toBe('03020106');
    expect(Buffer.from(namedBits([0, 8])).toString('hex')).toBe('0303078080');
  });

  it('changes from UTCTime to GeneralizedTime with the year 2050', () => {
    expect(Buffer.from(time(Date.UTC(2049, 11, 31, 23, 59, 59))).toString('latin1')).toContain(
      '491231235959Z',
    );
    expect(Buffer.from(time(Date.UTC(2050, 0, 1))).toString('latin1')).toContain('20500101000000Z');
  });

  it('orders the members of a set', () => {
    expect(Buffer.from(setOf(integer(2), integer(1))).toString('hex')).toBe('3106020101020102');
  });

  it.each(['', '1', '3.1', '1.40', '1.2.', '1..2', '1.02', 'a.b', '1.-2'])(
    'refuses the identifier `%s`',
    (dotted) => {
      expect(codeOf(() => oid(dotted))).toBe('malformed-der');
    },
  );
});

describe('the reader', () => {
  it('reads back whatever the writer wrote', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
        fc.uint8Array({ maxLength: 300 }),
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.boolean(),
        fc.date({ min: new Date('1950-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        fc.array(fc.bigInt({ min: 0n, max: 2n ** 90n }), { minLength: 1, maxLength: 4 }),
        (number, bytes, text, truth, date, arcs) => {
          const dotted = `2.${arcs.join('.')}`;
          const at = Math.floor(date.getTime() / 1000) * 1000;
          const der = sequence(
            integer(number),
            octetString(bytes),
            utf8String(text.toWellFormed()),
            boolean(truth),
            time(at),
            generalizedTime(at),
            oid(dotted),
            bitString(bytes),
            context(3, nothing()),
          );
          const body = DerReader.over(der).sequence();
          const back = body.integerBytes();
          const read = BigInt.asIntN(back.length * 8, BigInt(`0x${Buffer.from(back).toString('hex')}`));
          expect(read).toBe(number);
          expect(Buffer.from(body.octetString())).toEqual(Buffer.from(bytes));
          expect(body.string().text).toBe(text.toWellFormed());
          expect(body.boolean()).toBe(truth);
          expect(body.time()).toBe(at);
          expect(body.time()).toBe(at);
          expect(body.oid()).toBe(dotted);
          expect(Buffer.from(body.wholeBits())).toEqual(Buffer.from(bytes));
          body.optional(3)!.nothing();
          body.end();
          expect(walk(der)).toBe(11);
        },
      ),
    );
  });

  it('throws nothing but PkiError for random octets and for damaged structures', () => {
    const sound = sequence(
      integer(5),
      sequence(oid('1.2.840'), utf8String('Huế'), time(0)),
      bitString(hex('0102')),
    );
    const damaged = fc
      .tuple(fc.nat(sound.length - 1), fc.nat(255), fc.nat(sound.length))
      .map(([at, value, cut]) => {
        const copy = Buffer.from(sound);
        copy[at] = value;
        return copy.subarray(0, Math.max(1, cut));
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged), (bytes) => {
        codeOf(() => walk(bytes));
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ['an indefinite length', '30 80 00 00'],
    ['a length in too many octets', '04 81 01 00'],
    ['a length with a leading zero', '04 82 00 80'],
    ['a length of five octets', '04 85 00 00 00 00 01 00'],
    ['a length that lies', '04 05 00'],
    ['a child longer than its parent', '30 03 04 05 00 00 00 00 00'],
    ['a tag number above 30', '1f 81 01 01 00'],
    ['a boolean of 01', '01 01 01'],
    ['an integer with a needless zero', '02 02 00 01'],
    ['an integer with a needless ff', '02 02 ff 80'],
    ['an empty integer', '02 00'],
    ['a bit string with padding set', '03 02 01 01'],
    ['a bit string with eight unused bits', '03 02 08 00'],
    ['an identifier with a leading 80', '06 03 2a 80 01'],
    ['an identifier that is cut off', '06 02 2a 86'],
    ['a time without seconds', '17 0b 32 36 31 31 32 31 30 38 30 30 5a'],
    ['a time on 30 February', '17 0d 32 36 30 32 33 30 30 30 30 30 30 30 5a'],
    ['a time with an offset', '17 11 32 36 31 31 32 31 30 38 30 30 30 30 2b 30 37 30 30'],
    ['invalid UTF-8', '0c 02 c0 80'],
    ['a printable string with an at sign', '13 01 40'],
    ['a null with contents', '05 01 00'],
    ['nothing at all', ''],
  ])('refuses %s', (_what, text) => {
    expect(codeOf(() => walk(hex(text)))).toBe('malformed-der');
  });

  it('refuses trailing octets, members out of order and wrong tags', () => {
    expect(codeOf(() => DerReader.over(hex('020101 00')).end())).toBe('malformed-der');
    expect(codeOf(() => DerReader.over(hex('3106 020102 020101')).setOf())).toBe('malformed-der');
    expect(codeOf(() => DerReader.over(hex('020101')).sequence())).toBe('malformed-der');
  });

  it('refuses depth and size before it has cost anything', () => {
    let deep = nothing();
    for (let level = 0; level < 5000; level++) deep = element(0x30, deep);
    expect(codeOf(() => walk(deep))).toBe('der-too-deep');
    expect(codeOf(() => walk(new Uint8Array(65_537)))).toBe('der-too-large');
    expect(
      codeOf(() =>
        walk(
          new Uint8Array(60_000).fill(0x05).map((_, i) => (i % 2 === 0 ? 5 : 0)),
          {},
          1000,
        ),
      ),
    ).toBe('der-too-large');
  });

  it('keeps serial numbers whole', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), (bytes) => {
        const back = DerReader.over(unsignedInteger(bytes)).integerBytes();
        const trimmed = Buffer.from(back)
          .toString('hex')
          .replace(/^(00)+(?=..)/, '');
        expect(trimmed).toBe(
          Buffer.from(bytes)
            .toString('hex')
            .replace(/^(00)+(?=..)/, ''),
        );
      }),
    );
  });
});
