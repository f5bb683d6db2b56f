import type { AccessRequest, CedarUid, Decide, Decision, Finding } from '@kydai/contracts';
import type { Assessment } from '../match/assess.ts';
import { type BaseComparison, compareWithBase } from './base.ts';
import { findingFacts, type ShipContext, shipContext } from './context.ts';
import type { VexOutcome } from './vex.ts';
import { type Reopened, reopening, type Waiver, waiverEnd, waives } from './waiver.ts';
import type { Unsigned } from './waiver-signature.ts';

export type Verdict = 'pass' | 'fail' | 'unchecked';

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
  /** Waivers that too few people have signed; they are reported and not applied. */
  readonly unsigned?: readonly Unsigned[];
  /** Part of the city's network that the build is for. */
  readonly zone?: string;
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
  /** Waivers that too few people have signed; they were not applied. */
  readonly unsigned: readonly Unsigned[];
  /** Waivers past their end; they were not applied. */
  readonly expired: readonly Waiver[];
  /** Findings that a waiver spoke of before the world changed: another version, a KEV listing, a jump of EPSS. */
  readonly reopened: readonly Reopened[];
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
  const reopened: Reopened[] = [];
  const excluded = options.vex?.excluded ?? [];
  for (const finding of assessment.findings) {
    if (excluded.some((each) => each.finding === finding)) continue;
    const about = inForce.filter((each) => waives(each, finding));
    const waiver = about.find((each) => reopening(each, finding) === undefined);
    if (waiver !== undefined) {
      waived.push({ finding, waiver });
      continue;
    }
    findings.push(finding);
    for (const each of about) reopened.push({ finding, waiver: each, reason: reopening(each, finding)! });
  }
  const context = shipContext(assessment, findings, {
    waived: waived.length,
    now,
    ...(options.zone === undefined ? {} : { zone: options.zone }),
  });
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
    blocking: blockingOf(findings, context, now, ask),
    waived,
    excluded,
    base: options.base === undefined ? undefined : compareWithBase(findings, options.base),
    unsigned: options.unsigned ?? [],
    expired: waivers.filter((waiver) => !inForce.includes(waiver)),
    reopened,
    unused: inForce.filter((waiver) => ![...waived, ...reopened].some((each) => each.waiver === waiver)),
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
  const policies = decision.determining.map((policy) => policy.reasonEn ?? policy.reason ?? policy.id);
  const facts = `database ${context.databaseAgeDays} days old, ${context.notAssessed} not assessed`;
  return [...unchecked, ...policies.map((reason) => `${reason} (${facts})`)];
}

/** Each kind of finding is asked about once, alone. */
function blockingOf(
  findings: readonly Finding[],
  context: ShipContext,
  now: number,
  ask: (context: ShipContext) => Decision,
): readonly Finding[] {
  if (findings.length === 0) return [];
  const rest = { ...context, databaseAgeDays: 0, notAssessed: 0 };
  // Where even a build without findings may not ship, no finding is what stands in the way.
  if (!ask({ ...rest, ...findingFacts([], now) }).allowed) return [];
  const known = new Map<string, boolean>();
  return findings.filter((finding) => {
    const facts = findingFacts([finding], now);
    const kind = Object.values(facts).join();
    const cached = known.get(kind);
    if (cached !== undefined) return cached;
    const blocked = !ask({ ...rest, ...facts }).allowed;
    known.set(kind, blocked);
    return blocked;
  });
}
