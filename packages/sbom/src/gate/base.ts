import type { Finding } from '@kydai/contracts';
import { withoutVersion } from './waiver.ts';

/** Where a finding comes from: the change since the base, or an advisory on what was there already. */
export type Origin = 'change' | 'existing';

export interface BaseComparison {
  /** By finding of the new assessment. */
  readonly origins: ReadonlyMap<Finding, Origin>;
  /** Findings of the base that are gone. */
  readonly resolved: readonly Finding[];
}

/**
 * Compares two assessments made with one database. What the base has too, in whatever version of the package, was there
 * already; the rest came in with the change.
 */
export function compareWithBase(findings: readonly Finding[], base: readonly Finding[]): BaseComparison {
  const key = (finding: Finding) => `${withoutVersion(finding.component.purl)} ${finding.advisory}`;
  const before = new Set(base.map(key));
  const after = new Set(findings.map(key));
  return {
    origins: new Map(findings.map((finding) => [finding, before.has(key(finding)) ? 'existing' : 'change'])),
    resolved: base.filter((finding) => !after.has(key(finding))),
  };
}
