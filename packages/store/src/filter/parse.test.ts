import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StoreError } from '../error.ts';
import { checkFilter } from './check.ts';
import { parseQuery } from './parse.ts';

const eq = (field: string, value: string | number | boolean) => ({ op: 'equals', field, value });

describe('parseQuery', () => {
  it('reads the languages of the query bar', () => {
    const cases: readonly (readonly [string, unknown])[] = [
      ['', undefined],
      ['  \t\n', undefined],
      ['process.name:sshd', eq('process.name', 'sshd')],
      ['process.name : sshd', eq('process.name', 'sshd')],
      ['source.port:22', eq('source.port', 22)],
      ['process.name:007', eq('process.name', '007')],
      ['labels.on:true', eq('labels.on', true)],
      ['user.name:"a * \\" b"', eq('user.name', 'a * " b')],
      ['user.name:*', { op: 'exists', field: 'user.name' }],
      ['user.name:adm*n?', { op: 'wildcard', field: 'user.name', pattern: 'adm*n?' }],
      ['user.name:adm\\*n', eq('user.name', 'adm*n')],
      ['user.name:adm\\*n*', { op: 'wildcard', field: 'user.name', pattern: 'adm\\*n*' }],
      ['source.ip:10.0.0.0/8', { op: 'cidr', field: 'source.ip', network: '10.0.0.0/8' }],
      ['source.ip:2001:db8::/32', { op: 'cidr', field: 'source.ip', network: '2001:db8::/32' }],
      ['source.ip:::1', eq('source.ip', '::1')],
      [
        'source.ip:(::1 or fe80::1)',
        { op: 'or', filters: [eq('source.ip', '::1'), eq('source.ip', 'fe80::1')] },
      ],
      ['url.path:/a/b', eq('url.path', '/a/b')],
      ['source.port >= 1024', { op: 'range', field: 'source.port', gte: 1024 }],
      ['source.port:<1024', { op: 'range', field: 'source.port', lt: 1024 }],
      [
        'source.port:(>1 and <=9)',
        {
          op: 'and',
          filters: [
            { op: 'range', field: 'source.port', gt: 1 },
            { op: 'range', field: 'source.port', lte: 9 },
          ],
        },
      ],
      ['host.name > "m"', { op: 'range', field: 'host.name', gt: 'm' }],
      ['sshd', { op: 'text', text: 'sshd' }],
      ['"failed password"', { op: 'text', text: 'failed password' }],
      [
        'failed password',
        {
          op: 'and',
          filters: [
            { op: 'text', text: 'failed' },
            { op: 'text', text: 'password' },
          ],
        },
      ],
      ['fail*d', { op: 'wildcard', field: 'raw', pattern: '*fail*d*' }],
      ['*', { op: 'and', filters: [] }],
      ['not a:1', { op: 'not', filter: eq('a', 1) }],
      ['NOT not a:1', eq('a', 1)],
      [
        'a:1 or b:2 and c:3',
        { op: 'or', filters: [eq('a', 1), { op: 'and', filters: [eq('b', 2), eq('c', 3)] }] },
      ],
      [
        '(a:1 or b:2) c:3',
        { op: 'and', filters: [{ op: 'or', filters: [eq('a', 1), eq('b', 2)] }, eq('c', 3)] },
      ],
      ['a:(x or not y)', { op: 'or', filters: [eq('a', 'x'), { op: 'not', filter: eq('a', 'y') }] }],
      ['"odd name":x', eq('odd name', 'x')],
      ['tên:"Huế"', eq('tên', 'Huế')],
      [
        'process.name:sshd and source.ip:10.0.0.0/8 and not event.outcome:success',
        {
          op: 'and',
          filters: [
            eq('process.name', 'sshd'),
            { op: 'cidr', field: 'source.ip', network: '10.0.0.0/8' },
            { op: 'not', filter: eq('event.outcome', 'success') },
          ],
        },
      ],
    ];
    for (const [text, filter] of cases) expect(parseQuery(text), text).toEqual(filter);
  });

  it('says at which column it does not understand', () => {
    const cases: readonly (readonly [string, number])[] = [
      ['a:', 3],
      ['a: and b:1', 4],
      [':x', 1],
      ['(a:1', 1],
      ['a:1)', 4],
      ['()', 1],
      ['a:()', 3],
      ['a:1 or', 7],
      ['or a:1', 1],
      ['a:1 and and b:2', 9],
      ['not', 4],
      ['a:"x', 3],
      ['a\\', 2],
      ['> 5', 1],
      ['a >', 4],
      ['a > (1)', 5],
      ['a:1.2.3.4/99', 3],
      ['"":x', 1],
      ['a:\ud800', 3],
      ['x'.repeat(4_097), 4_097],
    ];
    for (const [text, column] of cases) {
      expect(() => parseQuery(text), text.slice(0, 20)).toThrow(
        expect.objectContaining({ code: 'query', column }),
      );
    }
  });

  it('bounds depth and terms', () => {
    expect(() => parseQuery(`${'('.repeat(17)}a${')'.repeat(17)}`)).toThrow(StoreError);
    expect(parseQuery(`${'('.repeat(14)}a${')'.repeat(14)}`)).toEqual({ op: 'text', text: 'a' });
    expect(() => parseQuery('a '.repeat(201))).toThrow(StoreError);
    expect(() => parseQuery('('.repeat(4_000))).toThrow(StoreError);
    expect(parseQuery(`${'not '.repeat(900)}a`)).toEqual({ op: 'text', text: 'a' });
  });

  it('gives a filter that the store takes, or says what is wrong, for any text', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'a',
        ':',
        '(',
        ')',
        ' and ',
        ' or ',
        ' not ',
        '"',
        '\\',
        '*',
        '?',
        '>',
        '<=',
        '10.0.0.0/8',
        ' ',
        '::',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join('');
        try {
          const filter = parseQuery(text);
          if (filter !== undefined) checkFilter(filter);
        } catch (error) {
          expect(error).toBeInstanceOf(StoreError);
          expect((error as StoreError).code).toBe('query');
          expect((error as StoreError).column).toBeGreaterThan(0);
          expect((error as StoreError).column).toBeLessThanOrEqual(text.length + 1);
        }
      }),
      { numRuns: 500 },
    );
  }, 30_000);
});
