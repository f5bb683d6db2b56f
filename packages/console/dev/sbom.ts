import type {
  AdvisoryView,
  Finding,
  FindingGroup,
  FindingGrouping,
  FindingSummary,
  FoundView,
} from '@kydai/contracts';
import { database, found, systems } from './city/software.ts';

const systemOf = (id: string) => systems.find((one) => one.id === id)!;

function counts(some: readonly Finding[]) {
  const severities: Record<string, number> = {};
  for (const { severity } of some) severities[severity] = (severities[severity] ?? 0) + 1;
  return {
    findings: some.length,
    severities,
    knownExploited: some.filter((one) => one.knownExploited).length,
    malicious: some.filter((one) => one.malicious).length,
    fixable: some.filter((one) => one.fixedVersions.length > 0).length,
  };
}

export const summary: FindingSummary = {
  ...counts(found),
  systems: systems.length,
  verdicts: { fail: 1, pass: 1, unchecked: 1 },
  components: found.length,
  advisories: found.length,
  owners: systems.length,
  database,
};

export function groups(by: FindingGrouping): readonly FindingGroup[] {
  const order = ['critical', 'high', 'medium', 'low', 'unknown', 'none'] as const;
  const group = (key: string, name: string, detail: string, some: readonly Finding[]): FindingGroup => ({
    ...counts(some),
    key,
    name,
    detail,
    worst: order.find((severity) => some.some((one) => one.severity === severity)) ?? 'none',
    score: some[0]?.score ?? null,
    ...(some[0]?.epss === undefined ? {} : { epss: some[0].epss }),
    ...(some[0]?.found === undefined ? {} : { first: some[0].found, last: some[0].found }),
    systems: new Set(some.map((one) => one.system)).size,
    components: some.length,
  });
  if (by === 'system') {
    return systems.map((system) => ({
      ...group(
        system.id,
        system.name,
        system.version,
        found.filter((one) => one.system === system.id),
      ),
      systems: 1,
      system,
    }));
  }
  if (by === 'owner') {
    return systems.map(({ id, owner }) =>
      group(
        owner,
        owner,
        '',
        found.filter((one) => one.system === id),
      ),
    );
  }
  return found.map((one) =>
    by === 'component'
      ? group(one.component.purl, one.component.name, one.component.version, [one])
      : group(one.advisory, one.advisory, one.summary, [one]),
  );
}

export function list(search: URLSearchParams): readonly FoundView[] {
  const is = (name: string, ...values: string[]) =>
    search.get(name) === null || values.includes(search.get(name)!);
  return found
    .filter(
      (one) =>
        is('system', one.system) &&
        is('component', one.component.purl) &&
        is('advisory', one.advisory, ...one.aliases) &&
        is('owner', systemOf(one.system).owner),
    )
    .map((finding) => ({ finding, system: systemOf(finding.system) }));
}

export function advisory(id: string): AdvisoryView | undefined {
  const one = found.find((each) => each.advisory === id || each.aliases.includes(id));
  return (
    one && {
      id: one.advisory,
      aliases: [...one.aliases],
      summary: one.summary,
      severity: one.severity,
      score: one.score,
      vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
      ...(one.epss === undefined ? {} : { epss: one.epss }),
      knownExploited: one.knownExploited,
      malicious: one.malicious,
      published: one.published ?? '',
      modified: one.published ?? '',
      url: `https://osv.dev/vulnerability/${one.advisory}`,
    }
  );
}
