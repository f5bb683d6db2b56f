import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FieldList } from './fields.ts';
import { compilePattern, matchPattern, PatternTable } from './pattern.ts';

function match(row: string, text: string): Record<string, unknown> | undefined {
  const fields = new FieldList();
  return matchPattern(compilePattern({ match: row }), text, fields)
    ? Object.fromEntries(fields.entries())
    : undefined;
}

describe('a pattern', () => {
  test('reads typed holes between literals', () => {
    expect(match('from {source.ip:ip} port {source.port:int} {how}', 'from 10.0.0.1 port 22 ssh2')).toEqual({
      'source.ip': '10.0.0.1',
      'source.port': 22,
      how: 'ssh2',
    });
  });

  test('does not match a line that goes on after it', () => {
    expect(match('closed by {source.ip:ip}', 'closed by 10.0.0.1 and more')).toBeUndefined();
    expect(match('done', 'done twice')).toBeUndefined();
  });

  test('keeps a name under `domain` where an address was hoped for', () => {
    expect(match('from {source.ip:host}', 'from cam.example')).toEqual({ 'source.domain': 'cam.example' });
  });

  test('matches what follows a rest hole from the end, so that a user name cannot forge the address', () => {
    const forged = 'Failed password for invalid user x from 10.9.9.9 port 1 ssh2 from 10.0.0.1 port 22 ssh2';
    expect(
      match('Failed password for invalid user {user:rest} from {ip:ip} port {port:int} {_}', forged),
    ).toEqual({ user: 'x from 10.9.9.9 port 1 ssh2', ip: '10.0.0.1', port: 22 });
  });

  test('adds nothing when it fails half-way', () => {
    const fields = new FieldList();
    expect(matchPattern(compilePattern({ match: 'a {x} b {y:int}' }), 'a 1 b c', fields)).toBe(false);
    expect([...fields.entries()]).toEqual([]);
  });

  test.each(['{a}{b}', 'x {a:float}', 'x {}', '{a:rest} y {b:rest}'])('`%s` is refused', (row) => {
    expect(() => compilePattern({ match: row })).toThrow(expect.objectContaining({ code: 'bad-pattern' }));
  });

  test('gives back any words that were put into it', () => {
    const word = fc.string({ minLength: 1 }).filter((text) => !text.includes(' '));
    fc.assert(
      fc.property(fc.string(), word, fc.nat(), (user, host, port) => {
        const found = match(
          'for {user:rest} at {host} port {port:int} end',
          `for ${user} at ${host} port ${port} end`,
        );
        expect(found).toEqual({ user, host, port });
      }),
    );
  }, 30_000);

  test('never throws, whatever the text', () => {
    const pattern = compilePattern({ match: 'a {b:rest} c {d:int} e' });
    fc.assert(
      fc.property(fc.stringMatching(/^a[ abcde0-9]*$/), (text) => {
        matchPattern(pattern, text, new FieldList());
      }),
    );
  }, 30_000);
});

test('a table applies the first row that matches, and rows that begin with a hole last', () => {
  const table = new PatternTable([
    { match: '{who} : {_:text}', set: { row: 'open' } },
    { match: 'x : special', set: { row: 'special' } },
    { match: 'x : {_:text}', set: { row: 'x' } },
  ]);
  const row = (text: string) => {
    const fields = new FieldList();
    return table.match(text, fields) ? fields.get('row') : undefined;
  };
  expect(row('x : special')).toBe('special');
  expect(row('x : other')).toBe('x');
  expect(row('y : other')).toBe('open');
  expect(row('nothing')).toBeUndefined();
});
