import type { Finding, FindingSeverity } from '@kydai/contracts';
import { severityOrder } from '../database/advisory.ts';
import type { AdvisoryMatch } from '../database/open.ts';
import type { VersionScheme } from '../versions/index.ts';
import { evaluate, type RangeVerdict } from './range.ts';

/** An advisory that affects a version. */
export interface Hit extends AdvisoryMatch {
  readonly verdict: RangeVerdict;
}

/** Advisories that are one under different names, for one component. */
export interface MergedHits {
  readonly hits: readonly [Hit, ...Hit[]];
}

/** Groups hits that share an id or an alias, directly or through others. */
export function mergeAliases(hits: readonly Hit[]): readonly MergedHits[] {
  const groups: { ids: Set<string>; hits: Hit[] }[] = [];
  for (const hit of hits) {
    const ids = [hit.advisory.id, ...hit.advisory.aliases];
    const joined = groups.filter((group) => ids.some((id) => group.ids.has(id)));
    const target = joined[0] ?? { ids: new Set<string>(), hits: [] };
    if (joined.length === 0) groups.push(target);
    for (const other of joined.slice(1)) {
      for (const id of other.ids) target.ids.add(id);
      target.hits.push(...other.hits);
      groups.splice(groups.indexOf(other), 1);
    }
    for (const id of ids) target.ids.add(id);
    target.hits.push(hit);
  }
  return groups.map((group) => ({ hits: group.hits.toSorted(byAuthority) as [Hit, ...Hit[]] }));
}

/** Reviewed databases before their mirrors; then by id, so that the answer is the same every time. */
function byAuthority(a: Hit, b: Hit): number {
  return authority(a) - authority(b) || (a.advisory.id < b.advisory.id ? -1 : 1);
}

const prefixes = ['MAL-', 'GHSA-', 'CVE-'];

function authority(hit: Hit): number {
  const at = prefixes.findIndex((prefix) => hit.advisory.id.startsWith(prefix));
  return at < 0 ? prefixes.length : at;
}

/** One finding for one group. Of several severities the worst counts. */
export function toFinding(
  merged: MergedHits,
  subject: { readonly system: string; readonly component: Finding['component']; readonly direct: boolean },
  version: string,
  scheme: VersionScheme,
  database: string,
): Finding {
  const [first] = merged.hits;
  const advisories = merged.hits.map((hit) => hit.advisory);
  const aliases = new Set(advisories.flatMap((advisory) => [advisory.id, ...advisory.aliases]));
  aliases.delete(first.advisory.id);
  const predictions = advisories.flatMap((advisory) => advisory.epss ?? []);
  const published = advisories.flatMap((advisory) => advisory.published || []).toSorted()[0];
  const scores = advisories.flatMap((advisory) => advisory.score ?? []);
  return {
    system: subject.system,
    component: subject.component,
    advisory: first.advisory.id,
    aliases: [...aliases].toSorted(),
    summary: advisories.find((advisory) => advisory.summary !== '')?.summary ?? '',
    severity: worst(advisories.map((advisory) => advisory.severity)),
    score: scores.length === 0 ? null : Math.max(...scores),
    knownExploited: advisories.some((advisory) => advisory.knownExploited),
    malicious: advisories.some((advisory) => advisory.malicious),
    ...(predictions.length === 0 ? {} : { epss: Math.max(...predictions) }),
    ...(published === undefined ? {} : { published }),
    fixedVersions: fixesOf(merged.hits, version, scheme),
    direct: subject.direct,
    proof: {
      record: first.advisory.id,
      range: first.verdict.range,
      comparator: first.verdict.comparator,
      database,
    },
  };
}

/** The versions above this one that the records call fixed and that none of them still affects, lowest first. */
export function fixesOf(hits: readonly Hit[], version: string, scheme: VersionScheme): readonly string[] {
  const candidates = new Set(hits.flatMap((hit) => hit.verdict.fixed));
  return [...candidates]
    .filter((fix) => fix !== '0' && scheme.compare(fix, version) > 0)
    .filter((fix) => hits.every((hit) => !evaluate(fix, hit.affected, scheme).affected))
    .toSorted((a, b) => scheme.compare(a, b));
}

function worst(severities: readonly FindingSeverity[]): FindingSeverity {
  return severityOrder.find((severity) => severities.includes(severity)) ?? 'unknown';
}
