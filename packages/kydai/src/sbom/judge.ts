import type { CedarUid, Clock, Decide, Finding } from '@kydai/contracts';
import { type AdvisoryDatabase, assess, type Bom, gate, type SbomRecord } from '@kydai/sbom';

/** What the advisories and the release policies say of a system. */
export interface Judged {
  readonly findings: readonly Finding[];
  readonly summary: Pick<SbomRecord, 'verdict' | 'assessed' | 'findings' | 'database' | 'notAssessed'>;
}

export function judgeSystem(
  bom: Bom,
  database: AdvisoryDatabase,
  asked: {
    readonly system: string;
    readonly zone: string;
    readonly principal: CedarUid;
    readonly decide: Decide;
    readonly clock: Clock;
  },
): Judged {
  const { system, zone, principal, decide, clock } = asked;
  const assessment = assess(bom, database, { system });
  const now = clock.now();
  const { verdict, findings } = gate({ assessment, decide, principal, build: system, zone, now });
  const counts: Record<string, number> = {};
  const count = (name: string) => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  for (const finding of findings) {
    count(finding.severity);
    if (finding.knownExploited) count('knownExploited');
    if (finding.malicious) count('malicious');
  }
  return {
    findings,
    summary: {
      verdict,
      assessed: now,
      findings: counts,
      database: assessment.database.digest,
      notAssessed: assessment.notAssessed.length,
    },
  };
}

/** The risk that its software gives a device, 0 to 100: what is exploited already weighs most. */
export function riskOf(counts: Readonly<Record<string, number>>): number {
  const has = (name: string) => (counts[name] ?? 0) > 0;
  if (has('malicious') || has('knownExploited')) return 90;
  if (has('critical')) return 60;
  return has('high') ? 40 : 0;
}
