import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bom } from './bom.ts';
import { waysTo } from './ways.ts';

/** `{ app: ['a'], a: ['b'] }`, the first key being the subject. */
function bomOf(graph: Readonly<Record<string, readonly string[]>>): Bom {
  const names = [...new Set([...Object.keys(graph), ...Object.values(graph).flat()])];
  const [root, ...rest] = names.map((name) => ({ type: 'library', name, 'bom-ref': name }));
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    metadata: { component: root! },
    components: rest,
    dependencies: Object.entries(graph).map(([ref, dependsOn]) => ({ ref, dependsOn: [...dependsOn] })),
  };
}
const named = (
  graph: Readonly<Record<string, readonly string[]>>,
  targets: string[],
  single?: string,
  limit = 100,
) => {
  const found = waysTo(bomOf(graph), targets, { limit, single });
  const name = (at: number) => found.nodes[at]!.component.name;
  return {
    ...found,
    names: found.nodes.map((node) => `${node.component.name}/${node.depth}/${node.hidden}`),
    pairs: found.edges.map(([from, to]) => `${name(from)}>${name(to)}`),
    over: found.ways.map((way) => way.map(name).join('>')),
  };
};

describe('the ways to what is vulnerable', () => {
  const graph = { app: ['a', 'b', 'c'], a: ['x', 'y'], b: ['a', 'z'], c: ['d'], d: ['x'] };

  it('are the shortest ones, with the rest of the graph as a number', () => {
    const found = named(graph, ['x']);
    expect(found.names).toEqual(['app/0/2', 'a/1/1', 'x/2/0']);
    expect(found.pairs).toEqual(['app>a', 'a>x']);
    expect(found.relations).toBe(9);
  });

  it('lead over each direct dependency that brings in the one that was asked about', () => {
    expect(named(graph, ['x'], 'x').over).toEqual(['app>a>x', 'app>b>a>x', 'app>c>d>x']);
    const wide = {
      app: Array.from({ length: 30 }, (_, i) => `d${i}`),
      ...Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`d${i}`, ['x']])),
    };
    expect(named(wide, ['x'], 'x')).toMatchObject({ moreWays: 18 });
  });

  it('hang from the subject where the document says nothing of how they came in', () => {
    expect(named({ app: [], x: [] }, ['x'], 'x')).toMatchObject({ pairs: ['app>x'], over: ['app>x'] });
    expect(
      waysTo({ bomFormat: 'CycloneDX', specVersion: '1.6', components: [] }, ['x'], { limit: 9 }).nodes,
    ).toHaveLength(1);
  });

  it('stay a few, the weightiest, in a graph of any size and shape', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(60), fc.nat(60)), { maxLength: 300 }),
        fc.array(fc.nat(60), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 2, max: 20 }),
        (relations, wanted, limit) => {
          const all: Record<string, string[]> = { n0: [] };
          for (const [from, to] of relations) all[`n${from}`] = [...(all[`n${from}`] ?? []), `n${to}`];
          const targets = wanted.map((n) => `n${n}`);
          const found = waysTo(bomOf(all), targets, { limit, single: targets[0] });
          expect(found.nodes.length).toBeLessThanOrEqual(limit + 12 * 61);
          for (const [from, to] of found.edges) expect(Math.max(from, to)).toBeLessThan(found.nodes.length);
          for (const way of found.ways) {
            expect(new Set(way).size).toBe(way.length);
            expect(way[0]).toBe(0);
          }
        },
      ),
    );
  });
});
