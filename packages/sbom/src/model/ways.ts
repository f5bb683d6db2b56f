import { allComponents, type Bom, type BomComponent } from './bom.ts';

/** A piece of a dependency graph: its nodes, the subject first, and what needs what, by their places. */
export interface Ways {
  readonly nodes: readonly {
    readonly component: BomComponent;
    readonly depth: number;
    readonly hidden: number;
  }[];
  readonly edges: readonly (readonly [from: number, to: number])[];
  /** For a target that was singled out: the shortest way over each direct dependency that leads to it. */
  readonly ways: readonly (readonly number[])[];
  readonly moreWays: number;
  /** Of the whole graph. */
  readonly relations: number;
}

const mostWays = 12;

/**
 * The shortest way from the subject to each target, as one graph of at most about `limit` nodes; targets come in the
 * order of their weight, so that what is left out weighs least. A component that nothing leads to hangs from the
 * subject: a document that says nothing of its graph is still drawn. Cycles are fine.
 */
export function waysTo(
  bom: Bom,
  targets: readonly string[],
  options: { readonly limit: number; readonly single?: string | undefined },
): Ways {
  const graph = read(bom);
  const before = searchFrom(graph.root, graph.needs);
  const kept = new Map<string, number>([[graph.root, 0]]);
  const edges = new Set<string>();
  const add = (way: readonly string[]) => {
    for (const [i, ref] of way.entries()) {
      if (!kept.has(ref)) kept.set(ref, kept.size);
      if (i > 0) edges.add(`${kept.get(way[i - 1]!)} ${kept.get(ref)}`);
    }
  };
  const shortest = (target: string) => wayBack(before, target) ?? [graph.root, target];
  for (const target of targets) {
    if (!graph.components.has(target)) continue;
    const way = shortest(target);
    if (kept.size + way.filter((ref) => !kept.has(ref)).length > options.limit) break;
    add(way);
  }
  const { single } = options;
  const over = single === undefined || !graph.components.has(single) ? [] : waysOver(graph, single, shortest);
  const ways = over.slice(0, mostWays);
  for (const way of ways) add(way);
  const pairs = [...edges].map((edge) => edge.split(' ').map(Number) as [number, number]);
  const depth = depths(kept.size, pairs);
  return {
    nodes: [...kept].map(([ref, at]) => ({
      component: graph.components.get(ref) ?? { type: 'application', name: ref },
      depth: depth[at]!,
      hidden: hiddenBelow(graph.needs.get(ref) ?? [], kept, pairs, at),
    })),
    edges: pairs,
    ways: ways.map((way) => way.map((ref) => kept.get(ref)!)),
    moreWays: over.length - ways.length,
    relations: [...graph.needs.values()].reduce((sum, list) => sum + list.length, 0),
  };
}

interface Graph {
  readonly root: string;
  readonly needs: ReadonlyMap<string, readonly string[]>;
  readonly components: ReadonlyMap<string, BomComponent>;
}

function read(bom: Bom): Graph {
  const subject = bom.metadata?.component;
  const root = subject?.['bom-ref'] ?? '\0subject';
  const components = new Map<string, BomComponent>();
  if (subject !== undefined) components.set(root, subject);
  for (const each of allComponents(bom)) {
    const ref = each['bom-ref'] ?? each.purl;
    if (ref !== undefined && !components.has(ref)) components.set(ref, each);
  }
  const needs = new Map<string, readonly string[]>();
  for (const { ref, dependsOn } of bom.dependencies ?? []) {
    needs.set(ref, [
      ...(needs.get(ref) ?? []),
      ...(dependsOn ?? []).filter((child) => components.has(child)),
    ]);
  }
  return { root, needs, components };
}

/** Breadth first: who led to each reference first. */
function searchFrom(
  root: string,
  needs: Graph['needs'],
  without?: string,
): ReadonlyMap<string, string | undefined> {
  const before = new Map<string, string | undefined>([[root, undefined]]);
  const queue = [root];
  for (let i = 0; i < queue.length; i += 1) {
    for (const child of needs.get(queue[i]!) ?? []) {
      if (before.has(child) || child === without) continue;
      before.set(child, queue[i]);
      queue.push(child);
    }
  }
  return before;
}

function wayBack(
  before: ReadonlyMap<string, string | undefined>,
  target: string,
): readonly string[] | undefined {
  if (!before.has(target)) return undefined;
  const way: string[] = [];
  for (let at: string | undefined = target; at !== undefined; at = before.get(at)) way.push(at);
  return way.reverse();
}

/** What a person can change is a direct dependency: one way over each of them. */
function waysOver(
  { root, needs }: Graph,
  target: string,
  shortest: (target: string) => readonly string[],
): readonly (readonly string[])[] {
  const ways = (needs.get(root) ?? []).flatMap((direct) => {
    const way = wayBack(searchFrom(direct, needs, root), target);
    return way === undefined ? [] : [[root, ...way]];
  });
  return ways.length === 0 ? [shortest(target)] : ways.toSorted((a, b) => a.length - b.length);
}

function depths(count: number, edges: Ways['edges']): readonly number[] {
  const below = Map.groupBy(edges, ([from]) => from);
  const found = Array.from({ length: count }, () => -1);
  found[0] = 0;
  const queue = [0];
  for (let i = 0; i < queue.length; i += 1) {
    for (const [, to] of below.get(queue[i]!) ?? []) {
      if (found[to] !== -1) continue;
      found[to] = found[queue[i]!]! + 1;
      queue.push(to);
    }
  }
  return found.map((depth) => Math.max(depth, 0));
}

function hiddenBelow(
  children: readonly string[],
  kept: ReadonlyMap<string, number>,
  edges: Ways['edges'],
  at: number,
): number {
  const shown = new Set(edges.flatMap(([from, to]) => (from === at ? [to] : [])));
  return (
    new Set(children).size - [...new Set(children)].filter((child) => shown.has(kept.get(child) ?? -1)).length
  );
}
