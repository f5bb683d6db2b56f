import type {
  Finding,
  FindingGroup,
  FindingGrouping,
  FindingSeverity,
  FindingSummary,
  FoundView,
  SystemView,
} from '@kydai/contracts';

/** What to list: findings of one thing, of one kind, or with words in them. */
export interface FoundFilter {
  readonly system?: string | undefined;
  /** Package URL. */
  readonly component?: string | undefined;
  /** Id or alias. */
  readonly advisory?: string | undefined;
  readonly owner?: string | undefined;
  readonly severity?: string | undefined;
  readonly exploited?: boolean | undefined;
  readonly q?: string | undefined;
}

const order: readonly FindingSeverity[] = ['critical', 'high', 'medium', 'low', 'unknown', 'none'];

/**
 * Every system and finding that is kept, in memory, so that a page of them is made without reading a store of ten
 * thousand SBOMs.
 */
export class FoundIndex {
  readonly #systems = new Map<string, SystemView>();
  readonly #findings = new Map<string, readonly Finding[]>();
  readonly #groups = new Map<FindingGrouping, readonly FindingGroup[]>();

  put(system: SystemView, findings?: readonly Finding[]): void {
    this.#systems.set(system.id, system);
    if (findings !== undefined) this.#findings.set(system.id, findings);
    this.#groups.clear();
  }

  system(id: string): SystemView | undefined {
    return this.#systems.get(id);
  }

  findingsOf(system: string): readonly Finding[] {
    return this.#findings.get(system) ?? [];
  }

  summary(): Omit<FindingSummary, 'database'> {
    const all = this.#all();
    const verdicts: Record<string, number> = {};
    for (const { verdict } of this.#systems.values()) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    return {
      ...countsOf(all),
      systems: this.#systems.size,
      verdicts,
      components: new Set(all.map(({ component }) => component.purl)).size,
      advisories: new Set(all.map(({ advisory }) => advisory)).size,
      owners: new Set([...this.#systems.values()].map(({ owner }) => owner)).size,
    };
  }

  /** The worst first; systems without a finding come last, by name. */
  groups(by: FindingGrouping, q: string, newestFirst: boolean): readonly FindingGroup[] {
    let groups = this.#groups.get(by);
    if (groups === undefined) {
      groups = this.#group(by).toSorted(byDanger);
      this.#groups.set(by, groups);
    }
    const words = fold(q);
    const some = words === '' ? groups : groups.filter((group) => textOf(group).includes(words));
    return newestFirst ? some.toSorted((a, b) => (b.first ?? 0) - (a.first ?? 0)) : some;
  }

  /** The worst first. */
  list(filter: FoundFilter): readonly FoundView[] {
    const words = fold(filter.q ?? '');
    const of = filter.system === undefined ? this.#all() : this.findingsOf(filter.system);
    return of
      .filter((finding) => {
        const system = this.#systems.get(finding.system);
        const { component, advisory, aliases, severity, knownExploited } = finding;
        return (
          (filter.component === undefined || component.purl === filter.component) &&
          (filter.advisory === undefined || [advisory, ...aliases].includes(filter.advisory)) &&
          (filter.owner === undefined || system?.owner === filter.owner) &&
          (filter.severity === undefined || severity === filter.severity) &&
          (filter.exploited !== true || knownExploited) &&
          (words === '' ||
            fold(
              [component.name, component.purl, advisory, ...aliases, finding.summary, system?.name].join(' '),
            ).includes(words))
        );
      })
      .toSorted(byWeight)
      .flatMap((finding) => {
        const system = this.#systems.get(finding.system);
        return system === undefined ? [] : [{ finding, system }];
      });
  }

  #all(): readonly Finding[] {
    return [...this.#findings.values()].flat();
  }

  #group(by: FindingGrouping): readonly FindingGroup[] {
    if (by === 'system') {
      return [...this.#systems.values()].map((system) => {
        const { id, name, version } = system;
        return { ...facts(this.findingsOf(id)), key: id, name, detail: version, systems: 1, system };
      });
    }
    const owner = (finding: Finding) => this.#systems.get(finding.system)?.owner ?? '';
    const keyOf = {
      component: (finding: Finding) => finding.component.purl,
      advisory: (finding: Finding) => finding.advisory,
      owner,
    }[by];
    return [...Map.groupBy(this.#all(), keyOf)].map(([key, findings]) => {
      const { component, summary } = findings[0]!;
      const named = {
        component: { name: component.name, detail: component.version },
        advisory: { name: key, detail: summary },
        owner: { name: key, detail: '' },
      }[by];
      const systems = new Set(findings.map(({ system }) => system)).size;
      return { ...facts(findings), key, ...named, systems };
    });
  }
}

function facts(findings: readonly Finding[]) {
  const scores = findings.flatMap(({ score }) => score ?? []);
  const predictions = findings.flatMap(({ epss }) => epss ?? []);
  const found = findings.flatMap(({ found }) => found ?? []);
  const published = findings.flatMap(({ published }) => published ?? []).toSorted()[0];
  return {
    ...countsOf(findings),
    components: new Set(findings.map(({ component }) => component.purl)).size,
    worst: order.find((severity) => findings.some((each) => each.severity === severity)) ?? 'none',
    score: scores.length === 0 ? null : scores.reduce((most, each) => Math.max(most, each)),
    ...(predictions.length === 0 ? {} : { epss: predictions.reduce((most, each) => Math.max(most, each)) }),
    ...(found.length === 0
      ? {}
      : {
          first: found.reduce((least, each) => Math.min(least, each)),
          last: found.reduce((most, each) => Math.max(most, each)),
        }),
    ...(published === undefined ? {} : { published }),
  } as const;
}

function countsOf(findings: readonly Finding[]) {
  const severities: Record<string, number> = {};
  for (const { severity } of findings) severities[severity] = (severities[severity] ?? 0) + 1;
  return {
    findings: findings.length,
    severities,
    knownExploited: findings.filter((each) => each.knownExploited).length,
    malicious: findings.filter((each) => each.malicious).length,
    fixable: findings.filter((each) => each.fixedVersions.length > 0).length,
  };
}

function byDanger(a: FindingGroup, b: FindingGroup): number {
  return (
    b.malicious - a.malicious ||
    b.knownExploited - a.knownExploited ||
    order.reduce((sofar, each) => sofar || (b.severities[each] ?? 0) - (a.severities[each] ?? 0), 0) ||
    b.systems - a.systems ||
    a.name.localeCompare(b.name) ||
    (a.key < b.key ? -1 : 1)
  );
}

function byWeight(a: Finding, b: Finding): number {
  return (
    Number(b.malicious) - Number(a.malicious) ||
    Number(b.knownExploited) - Number(a.knownExploited) ||
    order.indexOf(a.severity) - order.indexOf(b.severity) ||
    (b.score ?? 0) - (a.score ?? 0) ||
    a.component.purl.localeCompare(b.component.purl) ||
    a.system.localeCompare(b.system)
  );
}

function textOf({ key, name, detail, system }: FindingGroup): string {
  return fold([key, name, detail, system?.owner, system?.zone, system?.site].join(' '));
}

/** `Cổng` is found by `cong`. */
function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .replaceAll(/[đĐ]/g, 'd')
    .toLowerCase();
}
