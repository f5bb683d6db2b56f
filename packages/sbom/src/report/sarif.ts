import type { Finding } from '@kydai/contracts';
import type { GateResult } from '../gate/gate.ts';
import { factsOf, sourcesOf } from './facts.ts';
import { clean } from './text.ts';

/** SARIF 2.1.0 (OASIS), as code scanning services take it in. `artifact` is the path that results point at. */
export function renderSarif(result: GateResult, artifact = 'sbom.json'): string {
  const findings = [...result.findings, ...result.waived.map((each) => each.finding)];
  const rules = new Map(findings.map((finding) => [finding.advisory, finding]));
  const ids = [...rules.keys()];
  const document = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'kydai sbom gate',
            rules: [...rules.values()].map((finding) => ({
              id: finding.advisory,
              shortDescription: { text: clean(finding.summary) || finding.advisory },
              properties: {
                tags: ['security', 'sbom', ...(finding.knownExploited ? ['known-exploited'] : [])],
                ...(finding.score === null ? {} : { 'security-severity': finding.score.toFixed(1) }),
              },
            })),
          },
        },
        invocations: [
          {
            executionSuccessful: result.verdict !== 'unchecked',
            toolExecutionNotifications: result.unchecked.map((text) => ({
              level: 'error',
              message: { text },
            })),
          },
        ],
        properties: {
          verdict: result.verdict,
          build: result.build,
          ...Object.fromEntries(factsOf(result)),
          database: sourcesOf(result),
          databaseDigest: result.assessment.database.digest,
        },
        results: findings.map((finding) => {
          const waiver = result.waived.find((each) => each.finding === finding)?.waiver;
          return {
            ruleId: finding.advisory,
            ruleIndex: ids.indexOf(finding.advisory),
            level: level(finding, result),
            message: { text: message(finding) },
            locations: [
              {
                physicalLocation: { artifactLocation: { uri: artifact }, region: { startLine: 1 } },
                logicalLocations: [{ fullyQualifiedName: finding.component.purl, kind: 'module' }],
              },
            ],
            properties: {
              direct: finding.direct,
              path: result.assessment.paths[finding.component.purl] ?? [],
              ...(finding.published === undefined ? {} : { published: finding.published }),
              ...(finding.epss === undefined ? {} : { epss: finding.epss }),
              moveTo: result.assessment.remedies[finding.component.purl] ?? null,
            },
            partialFingerprints: { component: `${finding.advisory} ${finding.component.purl}` },
            ...(waiver === undefined
              ? {}
              : { suppressions: [{ kind: 'external', justification: clean(waiver.reason) }] }),
          };
        }),
      },
    ],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function level(finding: Finding, result: GateResult): string {
  if (result.blocking.includes(finding)) return 'error';
  return finding.severity === 'none' || finding.severity === 'low' ? 'note' : 'warning';
}

function message(finding: Finding): string {
  const { name, version } = finding.component;
  const fix =
    finding.fixedVersions[0] === undefined ? 'no fix is known' : `fixed in ${finding.fixedVersions[0]}`;
  return clean(
    `${name} ${version} is affected (${finding.proof.range}): ${finding.summary || finding.advisory}; ${fix}`,
  );
}
