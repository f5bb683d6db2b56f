import { describe, expect, it } from 'vitest';
import { askedBy, jumps } from './keys.ts';
import { groups } from './navigation.ts';

describe('a key', () => {
  it('moves, searches, turns pages and explains itself', () => {
    expect(askedBy('j', '')).toEqual({ act: 'row', step: 1 });
    expect(askedBy('k', 'j')).toEqual({ act: 'row', step: -1 });
    expect(askedBy('/', '')).toEqual({ act: 'search' });
    expect(askedBy(']', '')).toEqual({ act: 'press', key: ']' });
    expect(askedBy('?', '')).toEqual({ act: 'help' });
    expect(askedBy('x', '')).toBeUndefined();
  });

  it('after g goes to a page, and to no page that is not one', () => {
    expect(askedBy('d', 'g')).toEqual({ act: 'go', href: '/devices' });
    expect(askedBy('j', 'g')).toBeUndefined();
    expect(askedBy('constructor', 'g')).toBeUndefined();
    const places = groups.flatMap((group) => group.places.map(({ href }) => href));
    expect(Object.values(jumps).filter((href) => !places.includes(href))).toEqual([]);
  });
});
