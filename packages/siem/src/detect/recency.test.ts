import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Linked, Recency } from './recency.ts';

interface Item extends Linked<Item> {
  readonly name: number;
}

it('holds what was touched least recently first', () => {
  const step = fc.tuple(fc.constantFrom('touch', 'remove', 'take'), fc.nat(6));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const list = new Recency<Item>();
      const items = Array.from(
        { length: 7 },
        (_, name): Item => ({ name, older: undefined, newer: undefined }),
      );
      let truth: number[] = [];
      for (const [what, name] of steps) {
        const item = items[name]!;
        const there = truth.includes(name);
        truth = truth.filter((other) => other !== name);
        if (what === 'remove' && there) list.remove(item);
        else if (what !== 'remove') {
          if (there) list.touch(item);
          else list.add(item);
          truth.push(name);
        }
        if (what === 'take' && list.oldest) {
          expect(list.oldest.name).toBe(truth.shift());
          list.remove(list.oldest);
        }
        const found: number[] = [];
        for (let at = list.oldest; at; at = at.newer) found.push(at.name);
        expect(found).toEqual(truth);
      }
    }),
  );
});
