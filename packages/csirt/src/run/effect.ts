import type { Clock, Contain, Containment, ContainmentProof } from '@kydai/contracts';
import { type Outcome, phrase } from '../contain/outcome.ts';
import { attempt, type Sleep } from '../contain/perform.ts';
import { actOf, containmentOf, describe } from '../contain/step.ts';
import type { CacaoPlaybook } from '../playbook/schema.ts';
import { audit, change, type Draft, type Facts, miss, said, setOutput } from './draft.ts';
import { fail, shownAs, succeed } from './move.ts';
import type { RunState } from './state.ts';

/** Writes what came of an effect to the run. */
export type Land = (apply: (draft: Draft, facts: Facts) => void) => Promise<unknown>;

export interface EffectOptions {
  readonly clock: Clock;
  readonly contain: Contain;
  readonly sleep: Sleep;
  readonly stop: AbortSignal;
  readonly retry?: { readonly attempts: number; readonly firstMs: number; readonly longestMs: number };
}

/**
 * Carries one step's containment out on each of its targets, trying again with growing waits until it is proven, the
 * attempts are used up or the step's time is over. Each failed attempt is written down, so that a restart does not begin
 * to count anew.
 */
export async function performEffect(
  options: EffectOptions,
  { state, playbook }: { readonly state: RunState; readonly playbook: CacaoPlaybook },
  invocation: string,
  land: Land,
): Promise<void> {
  const retry = options.retry ?? { attempts: 4, firstMs: 250, longestMs: 5000 };
  const effect = state.effects[invocation]!;
  const step = playbook.workflow[invocation.replace(/#\d+$/, '')]!;
  const meaning = step.type === 'action' ? actOf(step) : undefined;
  if (meaning?.kind !== 'contain') return;
  // A run that is taken up long after a kill still gets its try: at least five seconds, or the step's whole time if shorter.
  const began = options.clock.now();
  const deadline = Math.max(effect.deadline, began + Math.min(effect.deadline - effect.since, 5000));
  const proofs = new Map<number, { containment: Containment; proof: ContainmentProof }>();
  for (let failures = effect.failures; ; ) {
    let why: Outcome | undefined;
    for (const [index, target] of effect.targets.entries()) {
      if (proofs.has(index)) continue;
      options.stop.throwIfAborted();
      const containment = containmentOf(state.run, invocation, meaning.action, target, index);
      const left = deadline - options.clock.now();
      const result = await attempt(options.contain, containment, left, options.sleep, options.stop);
      if (result.effective) proofs.set(index, { containment, proof: result.proof });
      else why ??= result.why;
    }
    if (why === undefined) {
      const all = [...proofs.values()];
      await land((draft, facts) => proven(draft, facts, invocation, all));
      return;
    }
    // Stopped while asking: not a failure; the next process asks again with the same id.
    options.stop.throwIfAborted();
    failures += 1;
    const reason = why;
    const over = failures >= retry.attempts || options.clock.now() >= deadline;
    if (over) {
      const done = [...proofs.values()];
      await land((draft, facts) => missed(draft, facts, invocation, done, failures, reason));
      return;
    }
    await land((draft, facts) => failedOnce(draft, facts, invocation, failures, reason));
    await options.sleep(Math.min(retry.firstMs * 2 ** (failures - 1), retry.longestMs), options.stop);
  }
}

type Proofs = readonly { readonly containment: Containment; readonly proof: ContainmentProof }[];

const inEffect = (draft: Draft, invocation: string) =>
  draft.state.threads.find((thread) => thread.invocation === invocation && thread.phase === 'effect');

function failedOnce(draft: Draft, facts: Facts, invocation: string, failures: number, why: Outcome): void {
  if (inEffect(draft, invocation) === undefined) return;
  draft.state.effects[invocation]!.failures = failures;
  const tried = {
    line: `attempt ${failures} failed: ${why.line}`,
    phrases: after('outcome.attempt', failures, why),
  };
  change(draft, invocation, shownAs(tried));
  audit(draft, facts, 'step.retry', invocation, { failures, why: why.line });
}

function proven(draft: Draft, facts: Facts, invocation: string, proofs: Proofs): void {
  evidence(draft, facts, invocation, proofs);
  const thread = inEffect(draft, invocation);
  if (thread === undefined) return;
  const first = proofs[0]!.containment;
  setOutput(draft, thread, proofs.flatMap(({ proof }) => proof.evidence).join('; '));
  succeed(
    draft,
    thread,
    facts,
    describe(
      first.action,
      proofs.map(({ containment }) => containment.target),
    ),
  );
}

function missed(
  draft: Draft,
  facts: Facts,
  invocation: string,
  proofs: Proofs,
  failures: number,
  why: Outcome,
): void {
  evidence(draft, facts, invocation, proofs);
  const thread = inEffect(draft, invocation);
  if (thread === undefined) return;
  miss(draft, thread);
  const line = `failed after ${failures} attempts: ${why.line}`;
  fail(draft, thread, facts, { line, phrases: after('outcome.gave-up', failures, why) });
}

const after = (code: string, failures: number, why: Outcome) => [
  phrase(code, { n: String(failures) }),
  ...why.phrases,
];

function evidence(draft: Draft, facts: Facts, invocation: string, proofs: Proofs): void {
  const lines = proofs.flatMap(({ proof }) => proof.evidence);
  const phrases = proofs.flatMap(({ proof }) => proof.evidencePhrases ?? []);
  const said50 = phrases.length === lines.length ? { evidencePhrases: phrases.slice(0, 50) } : {};
  change(draft, invocation, { evidence: lines.slice(0, 50), ...said50 });
  for (const { containment, proof } of proofs) {
    const what = `${containment.action} ${containment.target.type}:${containment.target.id}`;
    audit(draft, facts, 'containment.effective', invocation, {
      what,
      containment: containment.id,
      at: proof.at,
      evidence: proof.evidence.join('; ').slice(0, 2000),
    });
    const shown = { what, evidence: proof.evidence.join('; ').slice(0, 1000) };
    const proven = proof.evidencePhrases?.slice(0, 20);
    draft.story.push(said(draft, facts, 'containment', 'containment.effective', shown, proven));
    if (containment.action === 'release-device') continue;
    draft.state.contained.count += 1;
    draft.state.contained.at = Math.max(draft.state.contained.at, proof.at);
  }
}
