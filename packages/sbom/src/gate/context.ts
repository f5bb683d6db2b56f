import type { Finding } from '@kydai/contracts';
import type { Assessment } from '../match/assess.ts';

/** The context of the Cedar action `ship`, as `policies/schema.cedarschema` declares it. */
export interface ShipContext extends FindingFacts {
  readonly components: number;
  /** Components that could not be assessed, and files that could not be read. */
  readonly notAssessed: number;
  readonly databaseAgeDays: number;
  readonly waived: number;
  readonly licences: readonly string[];
  readonly missingElements: readonly string[];
  /** Part of the city's network that the build is for; empty where that was not said. */
  readonly zone: string;
  readonly [fact: string]: number | string | readonly string[];
}

/** What the policies see of findings. */
export type FindingFacts = Readonly<
  Record<
    | 'critical'
    | 'high'
    | 'medium'
    | 'low'
    | 'unknownSeverity'
    | 'knownExploited'
    | 'malicious'
    /** Findings that a published version clears. */
    | 'fixable'
    | 'direct'
    | 'transitive'
    /** The highest EPSS probability, in thousandths; 0 where there is none. */
    | 'epssPermille'
    /** Days since the oldest finding was published, and the oldest that can be fixed. */
    | 'oldestDays'
    | 'oldestFixableDays',
    number
  >
>;

const day = 86_400_000;

/** The facts that the policies see. Waived findings are counted as waived alone. */
export function shipContext(
  assessment: Assessment,
  findings: readonly Finding[],
  more: { readonly waived: number; readonly now: number; readonly zone?: string },
): ShipContext {
  return {
    ...findingFacts(findings, more.now),
    components: assessment.components,
    notAssessed: assessment.notAssessed.length + assessment.notRead.length,
    databaseAgeDays: Math.max(0, Math.floor((more.now - assessment.database.imported) / day)),
    waived: more.waived,
    licences: assessment.licences,
    missingElements: assessment.missingElements,
    zone: more.zone ?? '',
  };
}

export function findingFacts(findings: readonly Finding[], now: number): FindingFacts {
  const count = (test: (finding: Finding) => boolean) => findings.filter(test).length;
  const fixable = findings.filter((finding) => finding.fixedVersions.length > 0);
  return {
    critical: count((finding) => finding.severity === 'critical'),
    high: count((finding) => finding.severity === 'high'),
    medium: count((finding) => finding.severity === 'medium'),
    low: count((finding) => finding.severity === 'low'),
    unknownSeverity: count((finding) => finding.severity === 'unknown'),
    knownExploited: count((finding) => finding.knownExploited),
    malicious: count((finding) => finding.malicious),
    fixable: fixable.length,
    direct: count((finding) => finding.direct),
    transitive: count((finding) => !finding.direct),
    epssPermille: findings.reduce((most, { epss }) => Math.max(most, Math.round((epss ?? 0) * 1000)), 0),
    oldestDays: oldest(findings, now),
    oldestFixableDays: oldest(fixable, now),
  };
}

function oldest(findings: readonly Finding[], now: number): number {
  return findings.reduce((most, { published }) => {
    const at = Date.parse(published ?? '');
    return Number.isFinite(at) ? Math.max(most, Math.floor((now - at) / day)) : most;
  }, 0);
}
