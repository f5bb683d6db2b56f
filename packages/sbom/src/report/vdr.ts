import type { Finding } from '@kydai/contracts';
import type { GateResult } from '../gate/gate.ts';
import { allComponents, type Bom } from '../model/bom.ts';
import { writeBom } from '../model/validate.ts';
import { clean } from './text.ts';

/**
 * A vulnerability disclosure report: the document itself with what was found, as CycloneDX `vulnerabilities`. Documents
 * before 1.4 had no such place; theirs becomes 1.4.
 */
export function renderVdr(bom: Bom, result: GateResult): string {
  const refs = new Map(allComponents(bom).map((each) => [each.purl ?? '', each['bom-ref'] ?? '']));
  const entries = [
    ...result.findings.map((finding) => entry(finding, refs)),
    ...result.waived.map(({ finding, waiver }) => ({
      ...entry(finding, refs),
      analysis: {
        state: 'exploitable',
        response: ['will_not_fix'],
        detail: clean(`${waiver.reason} (${waiver.owner}, until ${waiver.expires})`),
      },
    })),
    ...result.excluded.map(({ finding, statement }) => ({
      ...entry(finding, refs),
      analysis: {
        state: statement.status === 'fixed' ? 'resolved' : 'not_affected',
        detail: clean(statement.justification),
      },
    })),
  ];
  const specVersion = bom.specVersion < '1.4' ? '1.4' : bom.specVersion;
  return writeBom({ ...bom, specVersion, vulnerabilities: [...(bom.vulnerabilities ?? []), ...entries] });
}

function entry(finding: Finding, refs: ReadonlyMap<string, string>) {
  const { component, fixedVersions } = finding;
  const severity = finding.severity === 'unknown' ? 'unknown' : finding.severity;
  const ref = refs.get(component.purl) || component.purl;
  return {
    id: finding.advisory,
    references: finding.aliases.map((id) => ({ id, source: { name: id.split(/[-/]/)[0] ?? id } })),
    ratings: [{ ...(finding.score === null ? {} : { score: finding.score }), severity }],
    ...(finding.summary === '' ? {} : { description: clean(finding.summary) }),
    ...(fixedVersions[0] === undefined
      ? {}
      : { recommendation: `Move to ${clean(fixedVersions[0])} or later.` }),
    affects: [{ ref, versions: [{ version: component.version, status: 'affected' }] }],
    properties: [
      { name: 'kydai:range', value: finding.proof.range },
      { name: 'kydai:comparator', value: finding.proof.comparator },
      { name: 'kydai:database', value: finding.proof.database },
      ...(finding.knownExploited ? [{ name: 'kydai:known-exploited', value: 'true' }] : []),
    ],
  };
}
