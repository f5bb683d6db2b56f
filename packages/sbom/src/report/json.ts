import type { GateResult } from '../gate/gate.ts';
import { groupByComponent } from './group.ts';

/** Everything that the decision rests on, for machines. The field names are stable. */
export function renderJson(result: GateResult): string {
  const { assessment, decision } = result;
  const document = {
    verdict: result.verdict,
    build: result.build,
    system: assessment.system,
    unchecked: result.unchecked,
    context: result.context,
    policies: decision?.determining ?? [],
    policyFailures: decision?.failures ?? [],
    policySet: decision?.policySet ?? null,
    findings: result.findings.map((finding) => ({
      ...finding,
      blocking: result.blocking.includes(finding),
      origin: result.base?.origins.get(finding) ?? null,
      path: assessment.paths[finding.component.purl] ?? [],
    })),
    remedies: groupByComponent(result).map((group) => ({
      component: group.component,
      direct: group.direct,
      moveTo: group.remedy,
      clears: group.findings.map((finding) => finding.advisory),
    })),
    resolved: result.base?.resolved ?? [],
    waived: result.waived,
    excluded: result.excluded,
    reopened: result.reopened,
    unsignedWaivers: result.unsigned.map(({ waiver, reason }) => ({
      advisory: waiver.advisory,
      component: waiver.component,
      reason,
    })),
    expiredWaivers: result.expired,
    unusedWaivers: result.unused,
    components: assessment.components,
    assessed: assessment.assessed,
    notAssessed: assessment.notAssessed,
    notRead: assessment.notRead,
    database: { ...assessment.database, imported: new Date(assessment.database.imported).toISOString() },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
