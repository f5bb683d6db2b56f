import type { AccessRequest, CedarUid, Decide, Decision, Finding } from '@kydai/contracts';
import type { Assessment } from '../match/assess.ts';
import { type BaseComparison, compareWithBase } from './base.ts';
import type { VexOutcome } from './vex.ts';
import { type Waiver, waiverEnd, waives } from './waiver.ts';

export type Verdict = 'pass' | 'fail' | 'unchecked';

/** The context of the Cedar action `ship`, as `policies/schema.cedarschema` declares it. */
export type ShipContext = Readonly<
  Record<
    | 'critical'
    | 'high'
    | 'medium'
    | 'low'
    | 'unknownSeverity'
    | 'knownExploited'
    | 'malicious'
    | 'components'
    | 'notAssessed'
    | 'databaseAgeDays'
    | 'waived',
    number
  >
>;

export interface GateOptions {
  readonly assessment: Assessment;
  readonly decide: Decide;
  /** A `User` or a `Token`. */
  readonly principal: CedarUid;
  /** Id of the `Build` that wants to ship. */
  readonly build: string;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly waivers?: readonly Waiver[];
  /** What VEX statements take away, see `applyVex`. */
  readonly vex?: VexOutcome;
  /** Findings of an earlier document under the same database, to tell what came in with the change. */
  readonly base?: readonly Finding[];
}

export interface GateResult {
  readonly verdict: Verdict;
  readonly build: string;
  readonly assessment: Assessment;
  readonly context: ShipContext;
  /** Absent where there was nothing to decide about. */
  readonly decision: Decision | undefined;
  /** Why it is unchecked; empty otherwise. */
  readonly unchecked: readonly string[];
  /** Those that are not waived, the worst first. */
  readonly findings: readonly Finding[];
  /** Of `findings`, those that alone would keep the build from shipping. */
  readonly blocking: readonly Finding[];
  readonly waived: readonly { readonly finding: Finding; readonly waiver: Waiver }[];
  /** Present where there was a base to compare with. */
  readonly base: BaseComparison | undefined;
  /** Findings that a VEX statement takes away; they count nowhere. */
  readonly excluded: VexOutcome['excluded'];
  /** Waivers past their end; they were not applied. */
  readonly expired: readonly Waiver[];
  /** Waivers that speak of no finding. */
  readonly unused: readonly Waiver[];
}

const day = 86_400_000;

/**
 * Decides whether a build may ship, by the policies in `policies/release`.
 *
 * INVARIANT: nothing assessed is never a pass, and neither is an input that could not be read.
 */
export function gate(options: GateOptions): GateResult {
  const { assessment, now } = options;
  const waivers = options.waivers ?? [];
  const inForce = waivers.filter((waiver) => waiverEnd(waiver) > now);
  const waived: { finding: Finding; waiver: Waiver }[] = [];
  const findings: Finding[] = [];
  const excluded = options.vex?.excluded ?? [];
  for (const finding of assessment.findings) {
    if (excluded.some((each) => each.finding === finding)) continue;
    const waiver = inForce.find((each) => waives(each, finding));
    if (waiver === undefined) findings.push(finding);
    else waived.push({ finding, waiver });
  }
  const context = shipContext(assessment, findings, waived.length, now);
  const ask = (asked: ShipContext) => options.decide(request(options, asked));
  const unchecked = [...blindness(assessment, now), ...strayStatements(options.vex)];
  const decision = assessment.components === 0 ? undefined : ask(context);
  const verdict = judge(decision, context, unchecked, ask);
  return {
    verdict,
    build: options.build,
    assessment,
    context,
    decision,
    unchecked: verdict === 'unchecked' ? uncheckedReasons(unchecked, decision, context) : [],
    findings,
    blocking: blockingOf(findings, context, ask),
    waived,
    excluded,
    base: options.base === undefined ? undefined : compareWithBase(findings, options.base),
    expired: waivers.filter((waiver) => !inForce.includes(waiver)),
    unused: inForce.filter((waiver) => !waived.some((each) => each.waiver === waiver)),
  };
}

/** The facts that the policies see. Waived findings are counted as waived alone. */
export function shipContext(
  assessment: Assessment,
  findings: readonly Finding[],
  waived: number,
  now: number,
): ShipContext {
  const count = (test: (finding: Finding) => boolean) => findings.filter(test).length;
  return {
    critical: count((finding) => finding.severity === 'critical'),
    high: count((finding) => finding.severity === 'high'),
    medium: count((finding) => finding.severity === 'medium'),
    low: count((finding) => finding.severity === 'low'),
    unknownSeverity: count((finding) => finding.severity === 'unknown'),
    knownExploited: count((finding) => finding.knownExploited),
    malicious: count((finding) => finding.malicious),
    components: assessment.components,
    notAssessed: assessment.notAssessed.length + assessment.notRead.length,
    databaseAgeDays: Math.max(0, Math.floor((now - assessment.database.imported) / day)),
    waived,
  };
}

function request(options: GateOptions, context: ShipContext): AccessRequest {
  return {
    principal: options.principal,
    action: 'ship',
    resource: { type: 'Build', id: options.build },
    context,
  };
}

function blindness(assessment: Assessment, now: number): readonly string[] {
  const reasons: string[] = [];
  if (assessment.components === 0) reasons.push('there is no component to assess');
  else if (assessment.assessed === 0) {
    reasons.push(`none of the ${assessment.components} components could be assessed`);
  }
  for (const each of assessment.notRead) {
    if (each.failed) reasons.push(`\`${each.path}\` ${each.reason}`);
  }
  // A clock that is behind the import by more than a day makes every age a guess.
  if (assessment.database.imported - now > day)
    reasons.push('the advisory database is from the future; check the clock');
  return reasons;
}

/** A statement about nothing that is there was meant for something else: what it was to take away is not known. */
function strayStatements(vex: VexOutcome | undefined): readonly string[] {
  return (vex?.unmatched ?? []).map(
    (statement) =>
      `the vex statement on \`${statement.vulnerability[0]}\` names ${statement.components.map((each) => `\`${each}\``).join(', ')}, which is not in the sbom`,
  );
}

/** A denial that would be a permit with fresh data and full coverage is no finding about the build: it is unchecked. */
function judge(
  decision: Decision | undefined,
  context: ShipContext,
  unchecked: readonly string[],
  ask: (context: ShipContext) => Decision,
): Verdict {
  if (decision === undefined) return 'unchecked';
  if (decision.allowed) return unchecked.length > 0 ? 'unchecked' : 'pass';
  return ask({ ...context, databaseAgeDays: 0, notAssessed: 0 }).allowed ? 'unchecked' : 'fail';
}

function uncheckedReasons(
  unchecked: readonly string[],
  decision: Decision | undefined,
  context: ShipContext,
): readonly string[] {
  if (decision === undefined || decision.allowed) return unchecked;
  const policies = decision.determining.map((policy) => policy.reason ?? policy.id);
  const facts = `database ${context.databaseAgeDays} days old, ${context.notAssessed} not assessed`;
  return [...unchecked, ...policies.map((reason) => `${reason} (${facts})`)];
}

/** Each kind of finding is asked about once, alone. */
function blockingOf(
  findings: readonly Finding[],
  context: ShipContext,
  ask: (context: ShipContext) => Decision,
): readonly Finding[] {
  if (findings.length === 0) return [];
  const none: ShipContext = {
    ...context,
    critical: 0,
    high: 0,
    medium: 0,
    low: 0,
    unknownSeverity: 0,
    knownExploited: 0,
    malicious: 0,
    databaseAgeDays: 0,
    notAssessed: 0,
  };
  // Where even a clean build may not ship, no finding is what stands in the way.
  if (!ask(none).allowed) return [];
  const known = new Map<string, boolean>();
  return findings.filter((finding) => {
    const kind = `${finding.severity} ${finding.knownExploited} ${finding.malicious}`;
    const cached = known.get(kind);
    if (cached !== undefined) return cached;
    const severity = finding.severity === 'unknown' ? 'unknownSeverity' : finding.severity;
    const blocked = !ask({
      ...none,
      ...(severity === 'none' ? {} : { [severity]: 1 }),
      knownExploited: Number(finding.knownExploited),
      malicious: Number(finding.malicious),
    }).allowed;
    known.set(kind, blocked);
    return blocked;
  });
}
