import { z } from 'zod';
import type { GateResult } from '../gate/gate.ts';
import type { Bom } from '../model/bom.ts';

export const predicates = {
  sbom: 'https://cyclonedx.org/bom',
  scan: 'https://in-toto.io/attestation/vulns/v0.2',
  verdict: 'https://slsa.dev/verification_summary/v1',
} as const;

const Digest = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) });

/** An in-toto statement, version 1. */
export const Statement = z.object({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z.array(z.object({ name: z.string().default(''), digest: Digest })).min(1),
  predicateType: z.string(),
  predicate: z.unknown(),
});
export type Statement = z.infer<typeof Statement>;

/** What we put into a verification summary (SLSA 1.0), and read again. */
export const VerdictPredicate = z.object({
  verifier: z.object({ id: z.string() }),
  timeVerified: z.iso.datetime({ offset: true }),
  resourceUri: z.string(),
  policy: z.object({ uri: z.string() }),
  verificationResult: z.enum(['PASSED', 'FAILED']),
  kydai: z.object({
    build: z.string().min(1),
    context: z.record(z.string(), z.union([z.number().int(), z.string(), z.array(z.string())])),
    database: z.object({ digest: z.string(), imported: z.number() }),
    policySet: z.string(),
  }),
});
export type VerdictPredicate = z.infer<typeof VerdictPredicate>;

export interface Subject {
  readonly name: string;
  readonly digest: { readonly sha256: string };
}

/** The bill of materials, the scan and the verdict of one run of the gate, about one artefact. */
export function statementsOf(
  subject: Subject,
  bom: Bom,
  result: GateResult,
  now: number,
): readonly Statement[] {
  const statement = (predicateType: string, predicate: unknown): Statement => ({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [subject],
    predicateType,
    predicate,
  });
  const time = new Date(now).toISOString();
  const { database } = result.assessment;
  const policySet = result.decision?.policySet ?? '';
  const scan = {
    scanner: {
      uri: 'https://kydai.example/sbom',
      version: '0.1.0',
      db: {
        uri: 'kydai:advisories',
        version: database.digest,
        lastUpdate: new Date(database.imported).toISOString(),
      },
      result: result.assessment.findings.map((finding) => ({
        id: finding.advisory,
        severity: finding.score === null ? [] : [{ method: 'CVSS', score: String(finding.score) }],
        annotations: [
          { purl: finding.component.purl, range: finding.proof.range, comparator: finding.proof.comparator },
        ],
      })),
    },
    metadata: { scanStartedOn: time, scanFinishedOn: time },
  };
  const verdict: VerdictPredicate = {
    verifier: { id: 'https://kydai.example/gate' },
    timeVerified: time,
    resourceUri: `kydai:build:${encodeURIComponent(result.build)}`,
    policy: { uri: `kydai:policy-set:${policySet}` },
    verificationResult: result.verdict === 'pass' ? 'PASSED' : 'FAILED',
    kydai: {
      build: result.build,
      context: result.context as unknown as VerdictPredicate['kydai']['context'],
      database: { digest: database.digest, imported: database.imported },
      policySet,
    },
  };
  return [
    statement(predicates.sbom, bom),
    statement(predicates.scan, scan),
    ...(result.verdict === 'unchecked' ? [] : [statement(predicates.verdict, verdict)]),
  ];
}
