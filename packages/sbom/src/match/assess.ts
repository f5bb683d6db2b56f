import type { Finding } from '@kydai/contracts';
import { severityOrder } from '../database/advisory.ts';
import { baseEcosystem, packageKey } from '../database/key.ts';
import type { AdvisoryDatabase } from '../database/open.ts';
import type { NotRead } from '../extract/walk.ts';
import { allComponents, type Bom, type BomComponent, firstPartyProperty, hasProperty } from '../model/bom.ts';
import { dependencyGraph } from '../model/graph.ts';
import { licenceTerms } from '../model/licence.ts';
import { missingElements } from '../model/minimum.ts';
import { type PackageUrl, parsePurl } from '../purl/purl.ts';
import { type VersionScheme, versionScheme } from '../versions/index.ts';
import { coordinatesOf } from './ecosystem.ts';
import { fixesOf, type Hit, mergeAliases, toFinding } from './merge.ts';
import { evaluate } from './range.ts';

/** Why nothing can be said about a component, or not everything. */
export type BlindSpotReason =
  | 'no-purl'
  | 'invalid-purl'
  | 'no-version'
  | 'unknown-ecosystem'
  | 'no-release'
  /** The database holds no advisory of the component's ecosystem at all. */
  | 'no-advisories'
  | 'version-not-comparable'
  /** An advisory names only commits. */
  | 'commits-only';

export interface BlindSpot {
  readonly component: { readonly name: string; readonly version: string; readonly purl: string };
  readonly reason: BlindSpotReason;
  readonly detail: string;
}

export interface Assessment {
  readonly system: string;
  /** The worst first. */
  readonly findings: readonly Finding[];
  readonly notAssessed: readonly BlindSpot[];
  /** Components that are not the project's own. */
  readonly components: number;
  /** Of those, how many were looked up with a version that can be compared. */
  readonly assessed: number;
  /** Package URL of each component with findings to the names on the shortest path to it, the direct one first. */
  readonly paths: Readonly<Record<string, readonly string[]>>;
  /** Package URL of each component with findings to the lowest version that clears all of them; null where none does. */
  readonly remedies: Readonly<Record<string, string | null>>;
  /** What must be obeyed of the licences: each term of a conjunction; a choice stays one, as `A OR B`. Sorted. */
  readonly licences: readonly string[];
  /** Names of the minimum elements of an SBOM that are missing somewhere in it. Sorted. */
  readonly missingElements: readonly string[];
  /** Files that could not be read when the document was made here. */
  readonly notRead: readonly NotRead[];
  readonly database: {
    readonly digest: string;
    readonly imported: number;
    readonly advisories: number;
    readonly newest: string;
    /** Version of the KEV catalog, and day of the EPSS scores; empty where none was imported. */
    readonly knownExploited: string;
    readonly exploitPrediction: string;
  };
}

export interface AssessOptions {
  /** Name of the system or build that the document describes. */
  readonly system: string;
  readonly notRead?: readonly NotRead[];
}

/** Looks every component up. Pure but for reading the database; the same document and database give the same answer. */
export function assess(bom: Bom, database: AdvisoryDatabase, options: AssessOptions): Assessment {
  const graph = dependencyGraph(bom);
  const names = new Map<string, string>();
  const findings: Finding[] = [];
  const notAssessed: BlindSpot[] = [];
  const paths: Record<string, readonly string[]> = {};
  const remedies: Record<string, string | null> = {};
  const seen = new Set<string>();
  let components = 0;
  const all = allComponents(bom);
  for (const each of all) if (each['bom-ref'] !== undefined) names.set(each['bom-ref'], displayName(each));
  const located: Located[] = [];
  for (const each of all) {
    if (hasProperty(each, firstPartyProperty)) continue;
    const shown = { name: fullName(each), version: each.version ?? '', purl: each.purl ?? '' };
    const identity = each.purl ?? `${shown.name}@${shown.version}`;
    if (seen.has(identity)) continue;
    seen.add(identity);
    components += 1;
    const target = locate(each, database);
    if ('reason' in target) notAssessed.push({ component: shown, ...target });
    else {
      const key = packageKey(target.ecosystem, target.name);
      located.push({
        ...target,
        key,
        ref: each['bom-ref'] ?? '',
        component: { ...shown, version: target.version },
      });
    }
  }
  // In the order of the database, so that each of its blocks is unpacked once.
  located.sort((a, b) => compare(a.key, b.key));
  for (const { ecosystem, name, version, scheme, component, ref } of located) {
    const hits: Hit[] = [];
    for (const match of database.lookup(ecosystem, name)) {
      if (match.affected.gitOnly) {
        const detail = `\`${match.advisory.id}\` names only commits`;
        notAssessed.push({ component, reason: 'commits-only', detail });
        continue;
      }
      const verdict = evaluate(version, match.affected, scheme);
      if (verdict.affected) hits.push({ advisory: match.advisory, affected: match.affected, verdict });
    }
    if (hits.length === 0) continue;
    const subject = { system: options.system, component, direct: graph.isDirect(ref) };
    for (const merged of mergeAliases(hits)) {
      findings.push(toFinding(merged, subject, version, scheme, database.info.digest));
    }
    paths[component.purl] = graph.path(ref).map((step) => names.get(step) ?? step);
    remedies[component.purl] = fixesOf(hits, version, scheme)[0] ?? null;
  }
  const { digest, imported, advisories, newest, knownExploited, exploitPrediction } = database.info;
  return {
    system: options.system,
    findings: findings.toSorted(byWeight),
    notAssessed,
    components,
    assessed: located.length,
    paths,
    remedies,
    licences: licenceTerms(all),
    missingElements: missingElements(bom),
    notRead: options.notRead ?? [],
    database: {
      ...{ digest, imported, advisories, newest },
      knownExploited: knownExploited.catalog,
      exploitPrediction: exploitPrediction === undefined ? '' : exploitPrediction.date || 'unknown day',
    },
  };
}

interface Target {
  readonly ecosystem: string;
  readonly name: string;
  readonly version: string;
  readonly scheme: VersionScheme;
}

interface Located extends Target {
  readonly key: string;
  readonly ref: string;
  readonly component: Finding['component'];
}

/** Where a component is looked up in this database, or why it cannot be. */
export function locate(
  component: BomComponent,
  database: AdvisoryDatabase,
): Target | Omit<BlindSpot, 'component'> {
  const place = placeOf(component);
  if ('reason' in place) return place;
  const base = baseEcosystem(place.ecosystem);
  if (!Object.hasOwn(database.info.ecosystems, base)) {
    return { reason: 'no-advisories', detail: `the database holds no advisory of \`${base}\`` };
  }
  if (!place.scheme.valid(place.version)) {
    const detail = `\`${place.version}\` is no ${place.scheme.name} version`;
    return { reason: 'version-not-comparable', detail };
  }
  return place;
}

/** Where a component is looked up in any database, its version not checked yet. */
export function placeOf(component: BomComponent): Target | Omit<BlindSpot, 'component'> {
  if (component.purl === undefined || component.purl === '') {
    return { reason: 'no-purl', detail: 'has no package url' };
  }
  let purl: PackageUrl;
  try {
    purl = parsePurl(component.purl, { lenient: true });
  } catch (error) {
    return { reason: 'invalid-purl', detail: (error as Error).message };
  }
  const place = coordinatesOf(purl);
  if ('reason' in place) return place;
  const scheme = versionScheme(place.ecosystem);
  if (scheme === undefined) {
    return { reason: 'unknown-ecosystem', detail: `versions of \`${place.ecosystem}\` cannot be ordered` };
  }
  const version = place.version ?? component.version ?? '';
  if (version === '') return { reason: 'no-version', detail: 'has no version' };
  return { ecosystem: place.ecosystem, name: place.name, version, scheme };
}

export function fullName(component: BomComponent): string {
  if (component.group === undefined || component.group === '') return component.name;
  return `${component.group}${component.purl?.startsWith('pkg:maven/') ? ':' : '/'}${component.name}`;
}

/** `name@version`, with the group. */
export function displayName(component: BomComponent): string {
  const version = component.version === undefined ? '' : `@${component.version}`;
  return `${fullName(component)}${version}`;
}

/** Exploited and malicious first, then by severity, score, component and advisory. */
function byWeight(a: Finding, b: Finding): number {
  return (
    Number(b.malicious) - Number(a.malicious) ||
    Number(b.knownExploited) - Number(a.knownExploited) ||
    severityOrder.indexOf(a.severity) - severityOrder.indexOf(b.severity) ||
    (b.score ?? 0) - (a.score ?? 0) ||
    compare(a.component.purl, b.component.purl) ||
    compare(a.advisory, b.advisory)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
