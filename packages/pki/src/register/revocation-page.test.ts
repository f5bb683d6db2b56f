import { RevocationReason } from '@kydai/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addRevocations, readRevocations } from './revocation-page.ts';

const now = Date.UTC(2026, 10, 22);
const place = { issuer: 'device-ca-1', shard: 3 };
const revocations = fc.uniqueArray(
  fc.record({
    serial: fc
      .uint8Array({ minLength: 1, maxLength: 16 })
      .map((octets) => Buffer.from(octets).toString('hex')),
    reason: fc.constantFrom(...RevocationReason.options),
    at: fc.integer({ min: -now, max: now }),
    recorded: fc.integer({ min: 0, max: now }),
    notAfter: fc.integer({ min: now, max: 2 * now }),
  }),
  { selector: ({ serial }) => serial, minLength: 1, maxLength: 30 },
);

describe('a page of revocations', () => {
  it('gives back what was added, oldest first, a later line in place of an earlier one', () => {
    fc.assert(
      fc.property(revocations, fc.nat(), (all, cut) => {
        const [first, second] = [all.slice(0, cut % all.length), all.slice(cut % all.length)];
        const page = first.length === 0 ? undefined : addRevocations(undefined, place, first);
        const whole = addRevocations(page, place, second);
        expect(readRevocations(whole)).toEqual(all);
        const again = { ...all[0]!, reason: 'superseded' as const };
        expect(readRevocations(addRevocations(whole, place, [again]))).toEqual([...all.slice(1), again]);
      }),
    );
  });

  it('says that it is damaged, and does not read past it', () => {
    const page = addRevocations(undefined, place, [
      { serial: '0a', reason: 'superseded', at: now, recorded: now, notAfter: now },
    ]);
    for (const lines of [page.lines.replace('superseded', 'bored'), `${page.lines}0b`, 'x y z', '\n']) {
      expect(() => readRevocations({ ...page, lines })).toThrow(
        expect.objectContaining({ code: 'bad-setting' }),
      );
    }
  });
});
