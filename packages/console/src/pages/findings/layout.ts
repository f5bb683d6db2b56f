import type { SbomGraph } from '@kydai/contracts';

export const box = { width: 208, height: 34, gapX: 64, gapY: 10 } as const;

export interface Placed {
  readonly id: number;
  readonly x: number;
  readonly y: number;
}

export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** In the order of the nodes. */
  readonly places: readonly Placed[];
}

/**
 * Columns by the number of steps from the system, from the top. Within a column each node stands near those that lead to
 * it, so that few lines cross (the barycentre rule of Sugiyama's layered drawings, one pass from left to right); what is
 * `lit` stands above the rest, where it is seen without scrolling.
 */
export function layOut(
  { nodes, edges }: Pick<SbomGraph, 'nodes' | 'edges'>,
  lit: ReadonlySet<number> = new Set(),
): Drawing {
  const above = Map.groupBy(edges, ([, to]) => to);
  const columns = [...Map.groupBy(nodes, (node) => node.depth)].toSorted((a, b) => a[0] - b[0]);
  const rows = new Map<number, number>();
  const places = new Map<number, Placed>();
  const tallest = Math.max(1, ...columns.map(([, column]) => column.length));
  const step = box.height + box.gapY;
  for (const [at, [, column]] of columns.entries()) {
    const pull = (id: number) => {
      const from = (above.get(id) ?? []).flatMap(([parent]) => rows.get(parent) ?? []);
      return from.length === 0 ? 0 : from.reduce((sum, row) => sum + row, 0) / from.length;
    };
    const sorted = column.toSorted(
      (a, b) => Number(lit.has(b.id)) - Number(lit.has(a.id)) || pull(a.id) - pull(b.id) || a.id - b.id,
    );
    for (const [row, { id }] of sorted.entries()) {
      const y = row * step;
      rows.set(id, y);
      places.set(id, { id, x: at * (box.width + box.gapX), y });
    }
  }
  return {
    width: columns.length * (box.width + box.gapX) - box.gapX,
    height: tallest * step - box.gapY,
    places: nodes.map(({ id }) => places.get(id)!),
  };
}

/** The nodes and lines on the ways to the one that was chosen; empty where none was. */
export function onTheWay(graph: Pick<SbomGraph, 'ways' | 'edges'>): {
  readonly nodes: ReadonlySet<number>;
  readonly edges: ReadonlySet<string>;
} {
  const nodes = new Set(graph.ways.flat());
  const edges = new Set(graph.ways.flatMap((way) => way.slice(1).map((to, i) => `${way[i]} ${to}`)));
  return { nodes, edges };
}

/** A name that fits into a box: its end is what tells packages of one group apart. */
export function within(text: string, most: number): string {
  return text.length <= most ? text : `…${text.slice(text.length - most + 1)}`;
}
