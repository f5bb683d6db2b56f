import { GateReport, GateRun, Problem, type WaiverView } from '@kydai/contracts';
import type { GateResult } from '@kydai/sbom';
import type { SbomContext } from '../sbom.ts';

/** Where a verdict goes: to the program on this data folder, or to one elsewhere. */
export interface Publishing {
  /** `true` for the program on this data folder. */
  readonly to: string | true;
  readonly pipeline: string;
  readonly zone: string;
}

/**
 * Sends a verdict to the server, for the history of the gate. A server that does not answer is said and changes no
 * verdict: a build must not fail because somebody's history has a hole.
 */
export async function publish(result: GateResult, where: Publishing, context: SbomContext): Promise<void> {
  const report = reportOf(result, where);
  try {
    if (where.to === true) await context.operator().call('POST', '/api/v1/gate-runs', GateRun, report);
    else await send(where.to, report);
    context.io.err(`${report.pipeline}: the verdict is published\n`);
  } catch (error) {
    context.io.err(`${report.pipeline}: the verdict could not be published: ${(error as Error).message}\n`);
  }
}

async function send(url: string, report: GateReport): Promise<void> {
  const response = await fetch(new URL('/api/v1/gate-runs', url), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${process.env['KYDAI_TOKEN'] ?? ''}`,
    },
    body: JSON.stringify(report),
    signal: AbortSignal.timeout(10_000),
  });
  if (response.ok) return;
  const problem = Problem.safeParse(await response.json().catch(() => undefined));
  throw new Error(problem.success ? problem.data.detail : `the server answered ${response.status}`);
}

/** What the build server calls this pipeline; the environment of those that we have recipes for says so. */
export function pipelineName(build: string, environment: NodeJS.ProcessEnv): string {
  const { GITHUB_REPOSITORY, GITHUB_WORKFLOW, CI_PROJECT_PATH, JOB_NAME } = environment;
  if (GITHUB_REPOSITORY) return [GITHUB_REPOSITORY, GITHUB_WORKFLOW].filter(Boolean).join(' · ');
  return (
    CI_PROJECT_PATH || JOB_NAME || (build.includes('@') ? build.slice(0, build.lastIndexOf('@')) : build)
  );
}

function reportOf(result: GateResult, { pipeline, zone }: Publishing): GateReport {
  const { assessment, findings, blocking, decision } = result;
  const severities: Record<string, number> = {};
  for (const { severity } of findings) severities[severity] = (severities[severity] ?? 0) + 1;
  const cut = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  const policies = (decision?.determining ?? []).map(({ id, reason = '', reasonEn }) => ({
    id,
    vi: reason,
    en: reasonEn ?? reason,
  }));
  const unchecked = result.unchecked.map((why) => ({ id: 'unchecked', vi: why, en: why }));
  return GateReport.parse({
    pipeline: cut(pipeline || result.build, 200),
    build: cut(result.build, 256),
    verdict: result.verdict,
    ran: Date.now(),
    zone,
    components: assessment.components,
    assessed: assessment.assessed,
    severities,
    knownExploited: findings.filter((each) => each.knownExploited).length,
    malicious: findings.filter((each) => each.malicious).length,
    blocking: blocking.slice(0, 20).map(({ advisory, component, severity }) => ({
      advisory,
      component: cut(component.purl, 2000),
      severity,
      fix: assessment.remedies[component.purl] ?? null,
    })),
    blockingTotal: blocking.length,
    reasons: (result.verdict === 'unchecked' ? unchecked : policies)
      .slice(0, 50)
      .map(({ id, vi, en }) => ({ id: cut(id, 200), vi: cut(vi, 500), en: cut(en, 500) })),
    waivers: waiversOf(result).slice(0, 500),
    database: { digest: assessment.database.digest, imported: assessment.database.imported },
    policySet: decision?.policySet ?? '',
  });
}

/** Every waiver once, with what became of it. */
function waiversOf(result: GateResult): readonly WaiverView[] {
  const told = new Map<string, WaiverView>();
  const tell = (
    waiver: GateResult['unsigned'][number]['waiver'] | GateResult['expired'][number],
    state: WaiverView['state'],
    why = '',
  ) => {
    const { advisory, component, owner, reason, expires } = waiver;
    const signers = 'signers' in waiver ? [...waiver.signers] : waiver.signatures.map(({ signer }) => signer);
    const key = `${advisory} ${component}`;
    if (!told.has(key)) told.set(key, { advisory, component, owner, reason, expires, signers, state, why });
  };
  for (const { waiver } of result.waived) tell(waiver, 'applied');
  for (const { waiver, reason } of result.reopened) tell(waiver, 'reopened', reason);
  for (const { waiver, reason } of result.unsigned) tell(waiver, 'unsigned', reason);
  for (const waiver of result.expired) tell(waiver, 'expired');
  for (const waiver of result.unused) tell(waiver, 'unused');
  return [...told.values()];
}
