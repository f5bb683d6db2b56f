import type { Finding, FindingSeverity, SbomGraph, SystemView } from '@kydai/contracts';
import { type Bom, waysTo } from '@kydai/sbom';

/** As many as a person can follow on one page. */
const mostNodes = 90;
const order: readonly FindingSeverity[] = ['critical', 'high', 'medium', 'low', 'unknown', 'none'];

/** The ways from a system to its vulnerable components, the worst first; `component` is one to look at more closely. */
export function graphOf(
  system: SystemView,
  bom: Bom,
  findings: readonly Finding[],
  component: string | undefined,
): SbomGraph {
  const byPurl = Map.groupBy(findings, (finding) => finding.component.purl);
  const weight = (purl: string) => {
    const of = byPurl.get(purl) ?? [];
    const exploited = of.some((each) => each.knownExploited || each.malicious) ? 0 : 10;
    return exploited + Math.min(...of.map(({ severity }) => order.indexOf(severity)));
  };
  const refs = new Map<string, string>();
  const purls = new Map<string, string>();
  const open = [...(bom.components ?? [])];
  let components = 0;
  for (const each of open) {
    components += 1;
    open.push(...(each.components ?? []));
    const ref = each['bom-ref'] ?? each.purl;
    if (ref === undefined || each.purl === undefined || refs.has(each.purl)) continue;
    refs.set(each.purl, ref);
    purls.set(ref, each.purl);
  }
  const wanted = [...byPurl.keys()].toSorted((a, b) => weight(a) - weight(b) || (a < b ? -1 : 1));
  const targets = wanted.flatMap((purl) => refs.get(purl) ?? []);
  const single = component === undefined ? undefined : refs.get(component);
  const ways = waysTo(bom, targets, { limit: mostNodes, single });
  const nodes = ways.nodes.map(({ component: each, depth, hidden }, id) => {
    const of = byPurl.get(each.purl ?? '') ?? [];
    const group = each.group ? `${each.group}/` : '';
    return {
      id,
      name: id === 0 ? system.name : `${group}${each.name}`,
      version: id === 0 ? system.version : (each.version ?? ''),
      purl: each.purl ?? '',
      depth,
      severity: order.find((severity) => of.some((finding) => finding.severity === severity)) ?? null,
      findings: of.length,
      knownExploited: of.some((finding) => finding.knownExploited),
      hidden,
    };
  });
  return {
    system,
    components,
    relations: ways.relations,
    vulnerable: byPurl.size,
    shown: nodes.filter((node) => node.findings > 0).length,
    nodes,
    edges: ways.edges.map(([from, to]) => [from, to]),
    ways: ways.ways.map((way) => [...way]),
    moreWays: ways.moreWays,
  };
}
