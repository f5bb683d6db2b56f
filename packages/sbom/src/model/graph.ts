import { allComponents, type Bom, firstPartyProperty, hasProperty } from './bom.ts';

/** Who depends on whom, by `bom-ref`. Cycles are fine. */
export interface DependencyGraph {
  /** Whether the document says anything about what the subject depends on. */
  readonly known: boolean;
  /** Directly below the subject or one of its own members. Where nothing is known, everything counts as direct. */
  isDirect(ref: string): boolean;
  /** Shortest path of refs from below the subject down to this one, itself included; empty when unreachable. */
  path(ref: string): readonly string[];
}

/** Builds the graph once; each question is then a look-up. */
export function dependencyGraph(bom: Bom): DependencyGraph {
  const edges = new Map<string, readonly string[]>();
  for (const { ref, dependsOn } of bom.dependencies ?? []) {
    edges.set(ref, [...(edges.get(ref) ?? []), ...(dependsOn ?? [])]);
  }
  const subject = bom.metadata?.component?.['bom-ref'];
  const direct = new Set(subject === undefined ? [] : (edges.get(subject) ?? []));
  const known = direct.size > 0;
  const members = new Set(
    allComponents(bom).flatMap((each) =>
      hasProperty(each, firstPartyProperty) ? (each['bom-ref'] ?? []) : [],
    ),
  );
  // A Set takes in what is added while it is walked, so members of members count too.
  for (const ref of direct) if (members.has(ref)) for (const child of edges.get(ref) ?? []) direct.add(child);
  const parents = new Map<string, string | undefined>();
  const queue = known ? [...(edges.get(subject!) ?? [])] : [];
  for (const ref of queue) parents.set(ref, undefined);
  for (let i = 0; i < queue.length; i += 1) {
    for (const child of edges.get(queue[i]!) ?? []) {
      if (parents.has(child) || child === subject) continue;
      parents.set(child, queue[i]);
      queue.push(child);
    }
  }
  return {
    known,
    isDirect: (ref) => !known || direct.has(ref),
    path(ref) {
      if (!parents.has(ref)) return [];
      const path: string[] = [];
      for (let at: string | undefined = ref; at !== undefined; at = parents.get(at)) path.push(at);
      return path.reverse();
    },
  };
}
