import { EntityStore, loadPolicySet } from '@kydai/policy';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Composition, composeEntities } from './composition.ts';

const { schema } = loadPolicySet({
  schema: {
    file: 's.cedarschema',
    text: 'entity Role;\nentity Agency in [Agency];\nentity User in [Role, Agency] { name: String, level?: Long };',
  },
  policies: [],
});
const an = { type: 'User', id: 'an' };
const group = (type: string, id: string) => ({ type, id });
let store: EntityStore;
let composition: Composition;
beforeEach(() => {
  store = new EntityStore({ schema, check: true });
  composition = composeEntities(store);
});

describe('an entity that several sources speak of', () => {
  it('is held back until nothing is missing, and goes when the last source is silent', () => {
    composition.say('declared', an, { attrs: { level: 1 }, parents: [group('Agency', 'a')] });
    expect(store.has(an)).toBe(false);
    expect(composition.whole(an)?.attrs).toEqual({ level: 1 });
    composition.say('sign-in', an, { attrs: { name: 'An' }, parents: [group('Role', 'r')] });
    expect(store.get(an)).toEqual({
      uid: an,
      attrs: { level: 1, name: 'An' },
      parents: [group('Agency', 'a'), group('Role', 'r')],
    });
    composition.say('sign-in', an, undefined);
    expect(store.has(an)).toBe(false);
    composition.say('declared', an, undefined);
    expect(composition.whole(an)).toBeUndefined();
  });

  it('takes the word of the later source in the list, whoever speaks last', () => {
    composition.say('sign-in', an, { attrs: { name: 'An', level: 3 } });
    composition.say('register', an, { attrs: { name: 'Nobody', level: 1 } });
    composition.say('declared', an, { attrs: { level: 2 } });
    expect(store.get(an)?.attrs).toEqual({ name: 'An', level: 3 });
    composition.say('sign-in', an, { attrs: { name: 'An' } });
    expect(store.get(an)?.attrs).toEqual({ name: 'An', level: 1 });
  });

  it.each([
    ['another type', { attrs: { name: 1 } }],
    ['something unknown', { attrs: { name: 'An', colour: 'red' } }],
    ['something unknown while it is not whole', { attrs: { colour: 'red' } }],
    ['a group of the wrong kind', { attrs: { name: 'An' }, parents: [group('User', 'x')] }],
  ])('is as before when one of them says %s', (_, part) => {
    composition.say('declared', an, { attrs: { name: 'An' } });
    expect(() => composition.say('file', an, part)).toThrow(expect.objectContaining({ code: 'entity' }));
    expect(store.get(an)?.attrs).toEqual({ name: 'An' });
    expect(composition.said('file', an)).toBeUndefined();
  });

  it('does not become its own ancestor', () => {
    const [a, b] = [group('Agency', 'a'), group('Agency', 'b')];
    composition.say('file', a, { parents: [b] });
    expect(() => composition.say('declared', b, { parents: [a] })).toThrow(/its own ancestor/);
    expect(store.has(b)).toBe(false);
  });
});
