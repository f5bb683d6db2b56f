import type { GraphNode, SbomGraph } from '@kydai/contracts';
import { found, systems } from './city/software.ts';

/** A web service with a thousand components: eight frameworks, what they need, and thirty weak ones far below. */
export function graph(id: string, component: string | null): SbomGraph | undefined {
  const system = systems.find((one) => one.id === id);
  if (system === undefined) return undefined;
  const nodes: GraphNode[] = [];
  const edges: [number, number][] = [];
  const add = (depth: number, name: string, version: string, more: Partial<GraphNode> = {}): number => {
    const at = nodes.length;
    nodes.push({
      id: at,
      name,
      version,
      depth,
      purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
      severity: null,
      findings: 0,
      knownExploited: false,
      hidden: (at * 7) % 23,
      ...more,
    });
    return at;
  };
  const root = add(0, system.name, system.version, { purl: '', hidden: 61 });
  const direct = [
    'express',
    '@nestjs/core',
    'webpack',
    'mocha',
    'request',
    'socket.io',
    'sharp',
    'passport',
  ].map((name, i) => add(1, name, `${i + 3}.${i}.1`));
  for (const at of direct) edges.push([root, at]);
  const own = found.filter((one) => one.system === id);
  const weak = ['critical', 'high', 'high', 'medium', 'medium', 'low'] as const;
  const between = Array.from({ length: 18 }, (_, i) => {
    const at = add(
      2,
      ['body-parser', 'chokidar', 'glob-parent', 'har-validator', 'yargs', 'qs'][i % 6]!,
      `2.${i}.0`,
    );
    edges.push([direct[i % direct.length]!, at]);
    return at;
  });
  for (let i = 0; i < 30; i += 1) {
    const real = own[i];
    const at = add(3, real?.component.name ?? `@types/weak-${i}`, real?.component.version ?? `1.${i}.3`, {
      severity: real?.severity ?? weak[i % weak.length]!,
      findings: 1 + (i % 3),
      knownExploited: real?.knownExploited ?? false,
      hidden: 0,
      ...(real ? { purl: real.component.purl } : {}),
    });
    edges.push([between[(i * 5) % between.length]!, at]);
    if (i % 4 === 0) edges.push([between[(i * 7 + 3) % between.length]!, at]);
  }
  const target = nodes.findIndex((node) => node.purl !== '' && node.purl === component);
  const ways = target < 0 ? [] : waysBack(target, edges);
  return {
    system,
    components: system.components,
    relations: system.components * 3,
    vulnerable: 41,
    shown: 30,
    nodes,
    edges,
    ways,
    moreWays: ways.length === 0 ? 0 : 2,
  };
}

function waysBack(target: number, edges: readonly (readonly [number, number])[]): number[][] {
  const parents = edges.filter(([, to]) => to === target).map(([from]) => from);
  return target === 0
    ? [[0]]
    : parents.flatMap((from) => waysBack(from, edges).map((way) => [...way, target]));
}
