import { expect, it } from 'vitest';
import { candidateOf, placeOf } from './candidate.ts';

const file = (name: string, text = name) => ({ file: name, text });
const set = {
  schema: file('policies/schema.cedarschema'),
  policies: [
    file('policies/access/devices.cedar'),
    file('policies/release/gate.cedar'),
    file('policies/access/gate.cedar'),
  ],
};

it('changes what is named, keeps the rest and adds what is new', () => {
  const edits = new Map([
    ['policies/access/devices.cedar', 'x'],
    ['new.cedar', 'y'],
    ['notes.txt', 'z'],
  ]);
  const candidate = candidateOf(set, edits);
  expect(candidate.schema).toEqual(set.schema);
  expect(candidate.policies.map(({ text }) => text)).toEqual([
    'x',
    'policies/release/gate.cedar',
    'policies/access/gate.cedar',
    'y',
  ]);
});

it.each([
  ['devices.cedar', 'policies/access/devices.cedar'],
  ['my-city/policies/access/devices.cedar', 'policies/access/devices.cedar'],
  ['release/gate.cedar', 'policies/release/gate.cedar'],
  ['other.cedarschema', 'policies/schema.cedarschema'],
  // Two are called so: it is neither.
  ['gate.cedar', 'gate.cedar'],
  ['fresh.cedar', 'fresh.cedar'],
])('takes %s for %s', (path, expected) => {
  expect(placeOf(set, path)).toBe(expected);
});
