import type { GraphNode } from '@kydai/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { box, layOut, onTheWay, within } from './layout.ts';
import { standing } from './waivers.tsx';

const node = (id: number, depth: number): GraphNode => ({
  id,
  depth,
  name: `n${id}`,
  version: '1',
  purl: '',
  severity: null,
  findings: 0,
  knownExploited: false,
  hidden: 0,
});

describe('a drawing of a graph', () => {
  it('gives each node a place of its own, in the column of its depth', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(6), { minLength: 1, maxLength: 120 }),
        fc.array(fc.tuple(fc.nat(119), fc.nat(119)), { maxLength: 200 }),
        (depths, pairs) => {
          const nodes = depths.map((depth, id) => node(id, depth));
          const edges = pairs.filter((pair) => pair.every((id) => id < nodes.length));
          const { places, width, height } = layOut({ nodes, edges });
          expect(new Set(places.map(({ x, y }) => `${x} ${y}`)).size).toBe(nodes.length);
          for (const { x, y } of places) {
            expect(x).toBeGreaterThanOrEqual(0);
            expect(x + box.width).toBeLessThanOrEqual(width);
            expect(y).toBeGreaterThanOrEqual(0);
            expect(y + box.height).toBeLessThanOrEqual(height);
          }
        },
      ),
    );
  });

  it('puts a node beside those that lead to it', () => {
    const nodes = [node(0, 0), node(1, 1), node(2, 1), node(3, 2), node(4, 2)];
    const { places } = layOut({
      nodes,
      edges: [
        [0, 1],
        [0, 2],
        [2, 3],
        [1, 4],
      ],
    });
    expect(places[4]!.y).toBeLessThan(places[3]!.y);
  });

  it('knows what lies on the ways to the one that was chosen', () => {
    const { nodes, edges } = onTheWay({
      ways: [
        [0, 1, 3],
        [0, 2, 3],
      ],
      edges: [],
    });
    expect([...nodes]).toEqual([0, 1, 3, 2]);
    expect([...edges]).toEqual(['0 1', '1 3', '0 2', '2 3']);
  });

  it('shortens names from the front', () => {
    expect(within('@angular/core', 20)).toBe('@angular/core');
    expect(within('org.springframework.boot', 12)).toBe('…mework.boot');
  });
});

describe('a waiver', () => {
  const now = Date.parse('2026-06-01T12:00:00Z');
  it.each([
    ['2026-06-01', 'applied', 'ending'],
    ['2026-05-31', 'applied', 'expired'],
    ['2026-06-01T11:00:00Z', 'applied', 'expired'],
    ['2026-12-31', 'applied', 'applied'],
    ['2026-12-31', 'reopened', 'reopened'],
    ['2026-06-02', 'unsigned', 'unsigned'],
  ] as const)('until %s that was %s is %s', (expires, state, expected) => {
    expect(standing({ expires, state }, now)).toBe(expected);
  });
});
