import { Finding, recordKind } from '@kydai/contracts';
import { z } from 'zod';

/** An SBOM that the server keeps for a system or a build, with the verdict of the last assessment. */
export const SbomRecord = z
  .strictObject({
    /** Id of the system or build. */
    id: z.string().min(1).max(256),
    name: z.string().max(256),
    version: z.string().max(256),
    owner: z.string().max(256),
    /** The CycloneDX document as JSON text. */
    bom: z.string(),
    components: z.number().int(),
    notAssessed: z.number().int(),
    /** Epoch milliseconds. */
    received: z.number(),
    assessed: z.number().nullable(),
    verdict: z.enum(['pass', 'fail', 'unchecked']),
    /** Number of findings by severity, and `knownExploited`, `malicious`. */
    findings: z.record(z.string(), z.number().int()).readonly(),
    /** Part of the city's network where it runs. */
    zone: z.string().max(64).optional(),
    /** Where it stands: a building, a junction, a station. */
    site: z.string().max(128).optional(),
    /** Where the system is a device of the register: the risk that its findings give it, 0 to 100. */
    risk: z.number().int().optional(),
    /** Digest of the advisory database that the verdict rests on; empty before the first. */
    database: z.string(),
  })
  .readonly();
export type SbomRecord = z.infer<typeof SbomRecord>;

export const sboms = recordKind<SbomRecord>({
  name: 'sboms',
  schema: SbomRecord,
  key: (record) => record.id,
  indexes: {
    name: (record) => record.name,
    owner: (record) => record.owner,
    verdict: (record) => record.verdict,
    received: (record) => record.received,
  },
});

/** The findings of the last assessment of each system. */
export const findings = recordKind<Finding>({
  name: 'findings',
  schema: Finding,
  key: (finding) => `${finding.system} ${finding.component.purl} ${finding.advisory}`,
  indexes: {
    system: (finding) => finding.system,
    advisory: (finding) => finding.advisory,
    component: (finding) => finding.component.purl,
    severity: (finding) => finding.severity,
    exploited: (finding) => finding.knownExploited,
  },
});
