import type { Finding } from '@kydai/contracts';
import { packageKey } from '../database/key.ts';
import type { AdvisoryDatabase, AdvisoryMatch } from '../database/open.ts';
import { fullName, placeOf } from '../match/assess.ts';
import { type Hit, mergeAliases, toFinding } from '../match/merge.ts';
import { evaluate } from '../match/range.ts';
import { allComponents, type Bom, type BomComponent, firstPartyProperty, hasProperty } from '../model/bom.ts';
import type { VersionScheme } from '../versions/index.ts';

/** A finding that an advisory brought, and every system that it is about. */
export interface NewFinding {
  readonly finding: Omit<Finding, 'system' | 'direct'>;
  readonly systems: readonly string[];
}

/** What a database says that the one before did not. */
export interface Touched {
  /** Packages in use of which the database says something else than before. */
  readonly packages: number;
  /** Systems that hold one of those: their verdicts must be made anew. */
  readonly systems: ReadonlySet<string>;
  /** Findings that were none before, or whose hole is exploited or whose package is malicious only now. */
  readonly findings: readonly NewFinding[];
}

/** Which system holds which package, so that a new advisory is matched against what it touches and nothing else. */
export interface Inventory {
  readonly systems: number;
  /** Distinct packages, and distinct versions of them. */
  readonly packages: number;
  readonly versions: number;
  /** Replaces what is known of a system. */
  put(system: string, bom: Bom): void;
  remove(system: string): void;
  /** Systems that hold the package, in any version. */
  holding(ecosystem: string, name: string): readonly string[];
  /**
   * Takes a database in place of the last one. With the first there is nothing to compare: it becomes what is known.
   * Gives way to others between packages.
   */
  compare(database: AdvisoryDatabase): Promise<Touched>;
}

/** One version of a package, as some systems hold it. */
interface Part {
  readonly key: string;
  readonly version: string;
  readonly component: Finding['component'];
  /** Each once. Plain numbers: ten thousand systems of five hundred parts are five million of them. */
  readonly systems: number[];
  /** Ids of what it is known to be affected by, each with what makes it urgent. */
  known: ReadonlyMap<string, number>;
}

interface Package {
  readonly ecosystem: string;
  readonly name: string;
  readonly scheme: VersionScheme;
  readonly parts: Map<string, Part>;
  fingerprint: string;
}

export function createInventory(): Inventory {
  const packages = new Map<string, Package>();
  /** By package URL, so that what many systems share is read once. */
  const places = new Map<string, Part | null>();
  const numbers = new Map<string, number>();
  const names: string[] = [];
  const held: (readonly Part[])[] = [];
  let versions = 0;
  let current: AdvisoryDatabase | undefined;

  /** A version that is new here: what the present database says of it is no news. */
  const learn = (each: Package, part: Part) => {
    if (current === undefined) return;
    const matches = current.lookup(each.ecosystem, each.name);
    // While a comparison is under way, a package that was there before still waits for its turn.
    if (each.parts.size === 1) each.fingerprint = fingerprint(matches);
    part.known = urgency(findingsOf(each, part, matches, current.info.digest));
  };

  /** The part that a package URL names, made where it is new; null where it cannot be looked up. */
  const take = (component: BomComponent, purl: string): Part | null => {
    const place = placeOf(component);
    if ('reason' in place || !place.scheme.valid(place.version)) {
      if (places.size < 1_000_000) places.set(purl, null);
      return null;
    }
    const { ecosystem, name, version, scheme } = place;
    const key = packageKey(ecosystem, name);
    const each = packages.get(key) ?? { ecosystem, name, scheme, parts: new Map(), fingerprint: '' };
    packages.set(key, each);
    const shown = { name: fullName(component), version, purl };
    const known = each.parts.get(version);
    const part = known ?? { key, version, component: shown, systems: [], known: new Map() };
    places.set(purl, part);
    if (known === undefined) {
      each.parts.set(version, part);
      versions += 1;
      learn(each, part);
    }
    return part;
  };

  const remove = (system: string) => {
    const number = numbers.get(system);
    if (number === undefined) return;
    for (const part of held[number] ?? []) {
      part.systems.splice(part.systems.indexOf(number), 1);
      const each = packages.get(part.key);
      if (part.systems.length > 0 || each === undefined) continue;
      each.parts.delete(part.version);
      places.delete(part.component.purl);
      versions -= 1;
      if (each.parts.size === 0) packages.delete(part.key);
    }
    held[number] = [];
  };

  return {
    get systems() {
      return held.filter((each) => each.length > 0).length;
    },
    get packages() {
      return packages.size;
    },
    get versions() {
      return versions;
    },
    put(system, bom) {
      remove(system);
      const number = numbers.get(system) ?? names.push(system) - 1;
      numbers.set(system, number);
      const parts = new Set<Part>();
      for (const component of allComponents(bom)) {
        const { purl } = component;
        if (purl === undefined || hasProperty(component, firstPartyProperty)) continue;
        const known = places.get(purl);
        const part = known === undefined || known?.systems.length === 0 ? take(component, purl) : known;
        if (part !== null) parts.add(part);
      }
      for (const part of parts) part.systems.push(number);
      held[number] = [...parts];
    },
    remove,
    holding(ecosystem, name) {
      const parts = packages.get(packageKey(ecosystem, name))?.parts.values() ?? [];
      return [...new Set([...parts].flatMap((part) => part.systems))].map((each) => names[each]!).toSorted();
    },
    async compare(database) {
      const first = current === undefined;
      current = database;
      const touched = new Set<number>();
      const findings: NewFinding[] = [];
      let changed = 0;
      let since = performance.now();
      // In the order of the database, so that each of its blocks is unpacked once.
      for (const key of [...packages.keys()].sort()) {
        if (performance.now() - since > 20) {
          await new Promise(setImmediate);
          since = performance.now();
        }
        const each = packages.get(key);
        if (each === undefined) continue;
        const matches = database.lookup(each.ecosystem, each.name);
        const print = fingerprint(matches);
        if (print === each.fingerprint) continue;
        each.fingerprint = print;
        changed += 1;
        for (const part of each.parts.values()) {
          const now = findingsOf(each, part, matches, database.info.digest);
          const before = part.known;
          part.known = urgency(now);
          if (first) continue;
          for (const number of part.systems) touched.add(number);
          const systems = () => part.systems.map((number) => names[number]!);
          for (const { system: _, direct: __, ...finding } of now) {
            if (isNews(finding, before)) findings.push({ finding, systems: systems() });
          }
        }
      }
      return { packages: changed, systems: new Set([...touched].map((number) => names[number]!)), findings };
    },
  };
}

const exploited = 1;
const malicious = 2;

function isNews(finding: NewFinding['finding'], before: ReadonlyMap<string, number>): boolean {
  const known = [finding.advisory, ...finding.aliases].flatMap((id) => before.get(id) ?? []);
  if (known.length === 0) return true;
  return known.every((flags) => (flags & flagsOf(finding)) !== flagsOf(finding));
}

function flagsOf(finding: Pick<Finding, 'knownExploited' | 'malicious'>): number {
  return (finding.knownExploited ? exploited : 0) | (finding.malicious ? malicious : 0);
}

function urgency(findings: readonly Finding[]): ReadonlyMap<string, number> {
  return new Map(
    findings.flatMap((finding) => [finding.advisory, ...finding.aliases].map((id) => [id, flagsOf(finding)])),
  );
}

/** Everything that a verdict can turn on. EPSS moves every day for everything, so only its tenths count. */
function fingerprint(matches: readonly AdvisoryMatch[]): string {
  return matches
    .map(({ advisory, affected }) => {
      const { id, severity, score, knownExploited, epss } = advisory;
      const { ranges, versions, gitOnly } = affected;
      const facts = [id, severity, score, knownExploited, advisory.malicious, Math.floor((epss ?? 0) * 10)];
      return JSON.stringify([facts, ranges, versions, gitOnly]);
    })
    .sort()
    .join('\n');
}

function findingsOf(
  each: Package,
  part: Part,
  matches: readonly AdvisoryMatch[],
  digest: string,
): readonly Finding[] {
  const hits: Hit[] = [];
  for (const match of matches) {
    const verdict = match.affected.gitOnly ? undefined : evaluate(part.version, match.affected, each.scheme);
    if (verdict?.affected) hits.push({ advisory: match.advisory, affected: match.affected, verdict });
  }
  const subject = { system: '', component: part.component, direct: true };
  return mergeAliases(hits).map((merged) => toFinding(merged, subject, part.version, each.scheme, digest));
}
