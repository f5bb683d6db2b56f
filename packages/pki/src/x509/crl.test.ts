import { RevocationReason } from '@kydai/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeSigned } from './certificate.ts';
import { type CrlEntry, EncodedEntries, encodeTbsCrl, readCrl, reasonCode } from './crl.ts';
import { encodeName } from './name.ts';
import { Oid } from './oids.ts';

const issuer = encodeName([Oid.commonName, 'CA']);
const tbs = (entries: readonly CrlEntry[] | EncodedEntries): Uint8Array =>
  encodeTbsCrl({
    signature: 'ecdsa-sha256',
    issuer,
    thisUpdate: 0,
    nextUpdate: 86_400_000,
    entries,
    extensions: [{ oid: Oid.crlNumber, critical: false, value: Uint8Array.of(2, 1, 1) }],
  });

const serials = fc
  .uint8Array({ minLength: 1, maxLength: 20 })
  .filter(([first]) => first! > 0)
  .map((octets) => Buffer.from(octets).toString('hex'));
const lists = fc.uniqueArray(
  fc.record({
    serial: serials,
    // UTCTime, GeneralizedTime, leap days, and both sides of midnight.
    at: fc
      .integer({ min: Date.UTC(1951, 0, 1) / 1000, max: Date.UTC(2110, 0, 1) / 1000 })
      .map((s) => s * 1000),
    reason: fc.constantFrom(...RevocationReason.options),
  }),
  { selector: ({ serial }) => serial, maxLength: 40 },
);

describe('the entries of a CRL', () => {
  it('read as they were written, whatever their serial, time and reason', () => {
    fc.assert(
      fc.property(lists, (entries) => {
        const crl = readCrl(encodeSigned(tbs(entries), 'ecdsa-sha256', new Uint8Array(8)));
        expect([...crl.entries].map(([serial, { at, reason }]) => [serial, at, reason])).toEqual(
          entries.map(({ serial, at, reason }) => [serial, at, reasonCode(reason)]),
        );
      }),
    );
  });

  it('are those of a list of fewer, when only some are chosen', () => {
    fc.assert(
      fc.property(lists, fc.nat(), (entries, mask) => {
        const chosen = (index: number): boolean => ((mask >> (index % 31)) & 1) === 1;
        const some = EncodedEntries.of(entries).only(chosen);
        const few = entries.filter((_, index) => chosen(index));
        expect(Buffer.compare(tbs(some), tbs(few))).toBe(0);
        expect(Buffer.compare(tbs(some.only(() => true)), tbs(few))).toBe(0);
      }),
    );
  });

  it('refuse a serial that is not octets in hex, or longer than 20', () => {
    for (const serial of ['', 'abc', '0g', 'é0', '80'.repeat(21), '01'.repeat(22)]) {
      expect(() => tbs([{ serial, at: 0, reason: 'unspecified' }])).toThrow(
        expect.objectContaining({ code: 'bad-setting' }),
      );
    }
  });
});
