import { expect, it } from 'vitest';
import { matches, type SubjectId } from './subject.ts';

const person = (sub: string) => ({ format: 'iss_sub', iss: 'https://a.example', sub });
const complex = (members: object): SubjectId => ({ format: 'complex', ...members });

it.each([
  ['the same simple subject', person('x'), person('x'), true],
  ['members in another order', { sub: 'x', format: 'iss_sub', iss: 'https://a.example' }, person('x'), true],
  ['another simple subject', person('x'), person('y'), false],
  ['a member of a complex subject', person('x'), complex({ user: person('x') }), true],
  [
    'a member that the other lacks',
    complex({ user: person('x'), tenant: person('t') }),
    complex({ user: person('x') }),
    true,
  ],
  [
    'a member that differs',
    complex({ user: person('x'), group: person('g') }),
    complex({ user: person('x'), group: person('h') }),
    false,
  ],
  ['nothing in common', complex({ user: person('x') }), complex({ device: person('x') }), false],
  ['no members at all', complex({}), complex({ device: person('x') }), false],
] as [string, SubjectId, SubjectId, boolean][])('compares %s', (_, named, about, expected) => {
  expect(matches(named, about)).toBe(expected);
  expect(matches(about, named)).toBe(expected);
});
