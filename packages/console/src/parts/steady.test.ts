import { expect, it } from 'vitest';
import { hold } from './steady.tsx';

const row = (id: number, state = 'new') => ({ id, state });
const keyOf = ({ id }: { id: number }) => String(id);

it('a list that is read stays as it is, with what changed of its rows, and counts what came above', () => {
  const before = [row(3), row(2), row(1)];
  expect(hold(before, [row(5), row(4), row(3, 'open')], keyOf)).toEqual({
    shown: [row(3, 'open'), row(2), row(1)],
    fresh: 2,
  });
});

it('a list to which nothing was added is shown as it is now', () => {
  expect(hold([row(2), row(1)], [row(2, 'open')], keyOf)).toEqual({ shown: [row(2, 'open')], fresh: 0 });
});

it('a list that was replaced altogether is held too', () => {
  expect(hold([row(1)], [row(9), row(8)], keyOf)).toEqual({ shown: [row(1)], fresh: 2 });
});
