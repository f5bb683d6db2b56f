import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyEvent, anyFilter } from '../contract/arbitrary.ts';
import { matchesFilter } from '../filter/match.ts';
import { fromDocument, toDocument } from './document.ts';
import { type Dsl, filterDsl, termsField, textField } from './query.ts';
import { addTerms, ipv4Hex, pieces, sortableNumber } from './terms.ts';

/** What Lucene does with the conditions that we make, over one document. */
function holds(dsl: Dsl, document: Readonly<Record<string, readonly string[]>>): boolean {
  const [[kind, given]] = Object.entries(dsl) as [[string, Record<string, unknown>]];
  const values = (): [readonly string[], Record<string, string>] => {
    const [[field, condition]] = Object.entries(given) as [[string, Record<string, string>]];
    return [document[field]!, condition];
  };
  const order = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  switch (kind) {
    case 'match_all':
      return true;
    case 'match_none':
      return false;
    case 'term': {
      const [all, { value }] = values();
      return all.includes(value!);
    }
    case 'terms': {
      const [[field, wanted]] = Object.entries(given) as [[string, readonly string[]]];
      return wanted.some((value) => document[field]!.includes(value));
    }
    case 'prefix': {
      const [all, { value }] = values();
      return all.some((one) => one.startsWith(value!));
    }
    case 'wildcard': {
      const [all, { value }] = values();
      const pattern = value!.replace(/\\(.)|([*?])|([\s\S])/gu, (_, quoted, wild, plain) =>
        wild === '*'
          ? '[^]*'
          : wild === '?'
            ? '[^]'
            : (quoted ?? plain).replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'),
      );
      return all.some((one) => new RegExp(`^${pattern}$`, 'u').test(one));
    }
    case 'range': {
      const [all, { gt, gte, lt, lte }] = values();
      return all.some(
        (one) =>
          (gt === undefined || order(one, gt) > 0) &&
          (gte === undefined || order(one, gte) >= 0) &&
          (lt === undefined || order(one, lt) < 0) &&
          (lte === undefined || order(one, lte) <= 0),
      );
    }
    default: {
      const { filter = [], should, must_not: not = [] } = given as Record<string, readonly Dsl[]>;
      return (
        filter.every((one) => holds(one, document)) &&
        (should === undefined || should.some((one) => holds(one, document))) &&
        !not.some((one) => holds(one, document))
      );
    }
  }
}

describe('A filter in query DSL', () => {
  it('means what the filter means, for any filter and event', () => {
    fc.assert(
      fc.property(anyEvent, anyFilter, (event, filter) => {
        const read = JSON.parse(toDocument(event).text);
        const document = { [termsField]: read['kydai.terms'], [textField]: read['kydai.text'] };
        expect(holds(filterDsl(filter), document)).toBe(matchesFilter(filter, event));
      }),
      { numRuns: 3_000 },
    );
  });

  it('finds any part of a line of any length, however it is cut into pieces', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40_000 }),
        fc.integer({ min: 0, max: 39_999 }),
        fc.boolean(),
        (length, at, wide) => {
          const line = Array.from({ length }, (_, n) =>
            wide && n % 3 === 0 ? '😀' : (n % 977).toString(36),
          ).join('');
          const part = line
            .slice(at, at + 4_096)
            .toWellFormed()
            .replaceAll('\ufffd', '');
          expect(pieces(line).some((piece) => piece.slice(1).includes(part))).toBe(true);
          for (const piece of pieces(line)) expect(Buffer.byteLength(piece)).toBeLessThan(32_766);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('A document', () => {
  it('gives the event back as it was', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const back = fromDocument(JSON.parse(toDocument(event).text));
        const plain = ({ fields, raw, ...own }: typeof event) => ({
          ...own,
          raw,
          fields: Object.fromEntries([...fields.entries()].sort()),
        });
        expect(JSON.stringify(plain(back))).toBe(JSON.stringify(plain(event)));
        const again = fromDocument(JSON.parse(toDocument(event, true).text));
        expect(JSON.stringify(plain(again))).toBe(JSON.stringify(plain(event)));
      }),
    );
  });

  it('keeps the mark and the id of a drill apart, which Elasticsearch would nest', () => {
    const fields = new Map<string, string | boolean>([
      ['kydai.drill', true],
      ['kydai.drill.id', 'd-1'],
    ]);
    const [event] = fc.sample(anyEvent, { numRuns: 1, seed: 1 });
    const document = JSON.parse(toDocument({ ...event!, fields }).text);
    expect(document).toMatchObject({ 'kydai.is_drill': true, 'kydai.drill_id': 'd-1' });
    expect(document).not.toHaveProperty(['kydai.drill']);
  });
});

describe('Terms', () => {
  it('sort as their numbers do', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (a, b) => {
        const sign = (x: number) => (x === 0 ? 0 : Math.sign(x));
        const [left, right] = [sortableNumber(a), sortableNumber(b)];
        expect(left < right ? -1 : Number(left > right)).toBe(a < b ? -1 : sign(Number(a > b)));
      }),
    );
  });

  it('know addresses from what looks like one', () => {
    expect(ipv4Hex('10.1.2.3')).toBe('0a010203');
    expect(ipv4Hex('::ffff:10.1.2.3')).toBe('0a010203');
    for (const text of ['10.1.2', '010.1.2.3', '256.1.1.1', '10.1.2.3.4', ''])
      expect(ipv4Hex(text)).toBeUndefined();
    const terms: string[] = [];
    addTerms(terms, 'a'.repeat(257), 'x');
    expect(terms).toEqual([]);
  });
});
