import type { Finding } from '@kydai/contracts';
import type { GateResult } from '../gate/gate.ts';
import type { BlindSpot, BlindSpotReason } from '../match/assess.ts';

/** The findings of one component, as people fix them. */
export interface ComponentFindings {
  readonly component: Finding['component'];
  readonly direct: boolean;
  readonly path: readonly string[];
  /** The lowest version that clears all of them. */
  readonly remedy: string | null;
  readonly findings: readonly Finding[];
}

/** In the order of the worst finding. */
export function groupByComponent(result: GateResult): readonly ComponentFindings[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of result.findings) {
    const list = groups.get(finding.component.purl) ?? [];
    list.push(finding);
    groups.set(finding.component.purl, list);
  }
  return [...groups].map(([purl, findings]) => ({
    component: findings[0]!.component,
    direct: findings[0]!.direct,
    path: result.assessment.paths[purl] ?? [],
    remedy: result.assessment.remedies[purl] ?? null,
    findings,
  }));
}

/** By reason, the most frequent first. */
export function summarizeBlindSpots(
  spots: readonly BlindSpot[],
): readonly (readonly [reason: BlindSpotReason, spots: readonly BlindSpot[]])[] {
  return [...Map.groupBy(spots, (spot) => spot.reason)].toSorted((a, b) => b[1].length - a[1].length);
}
