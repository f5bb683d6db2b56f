import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base64Offsets, windash } from './encode.ts';
import { fold } from './fold.ts';
import { inNetwork, parseAddress, parseNetwork } from './network.ts';
import { formatPattern, literalOf, parsePattern } from './pattern.ts';

describe('encodings of values', () => {
  it('finds bytes at every position inside a longer base64 text', () => {
    const bytes = fc.uint8Array({ maxLength: 12 });
    fc.assert(
      fc.property(bytes, fc.uint8Array({ minLength: 3, maxLength: 24 }), bytes, (before, middle, after) => {
        const whole = Buffer.concat([before, middle, after]).toString('base64');
        expect(base64Offsets(Buffer.from(middle)).some((text) => whole.includes(text))).toBe(true);
      }),
    );
  });

  it('writes a switch with each dash, and leaves words with hyphens alone', () => {
    const texts = windash(parsePattern(' -enc well-known'), 1).map(formatPattern);
    expect(texts.every((text) => text.endsWith('enc well-known'))).toBe(true);
    expect(texts).toHaveLength(5);
    expect(texts).toContain(' \u2013enc well-known');
  });

  it('unescapes wildcards and only those', () => {
    expect(literalOf(parsePattern('C:\\Windows\\a'))).toBe('C:\\Windows\\a');
    expect(literalOf(parsePattern('\\\\host'))).toBe('\\host');
    expect(literalOf(parsePattern('100\\* \\?'))).toBe('100* ?');
    expect(formatPattern(parsePattern('a*\\?'))).toBe('a*\\?');
  });

  it('writes every pattern so that it reads back', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const pattern = parsePattern(text);
        expect(parsePattern(formatPattern(pattern))).toEqual(pattern);
      }),
    );
  });

  it('folds by unit, so that lengths stay and letters that differ stay apart', () => {
    expect(fold('\u212a')).toBe('k');
    expect(fold('ſ')).toBe('s');
    expect(fold('İıI')).toBe('İıi');
    expect(fold('ΣΑΣ')).toBe('σασ');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => fold(text).length === text.length),
      { numRuns: 50 },
    );
  });
});

describe('networks', () => {
  it.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['0.0.0.0/0', '203.0.113.1', true],
    ['10.0.0.0/8', '::ffff:10.1.1.1', true],
    ['fe80::/10', 'febf::1', true],
    ['fe80::/10', 'fec0::1', false],
    ['::1/128', '0:0:0:0:0:0:0:1', true],
    ['::1', '::2', false],
  ])('%s holds %s: %s', (network, address, expected) => {
    expect(inNetwork(parseNetwork(network)!, address)).toBe(expected);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    ':',
    ':::',
    '1::2::3',
    '12345::',
    '1:2:3:4:5:6:7',
    'fe80::1%eth0',
  ])('%s is no address', (text) => expect(parseAddress(text)).toBeUndefined());
});
