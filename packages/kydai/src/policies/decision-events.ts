import type { CedarUid, FieldValue } from '@kydai/contracts';
import type { Intake, ReadFrame } from '@kydai/siem';
import { cedarText, type DecisionMade, type FactAge } from '../flow/decision-log.ts';
import { type Folded, foldDecisions } from './decision-folds.ts';

export interface DecisionEvents {
  /** Takes a decision to be kept. Costs a comparison and a push; the event is made later. */
  take(made: DecisionMade): void;
  /** Keeps what waits. */
  close(): Promise<void>;
}

/** ECS `event.dataset` of decisions. */
export const decisionDataset = 'kydai.decision';
const mostWaiting = 50_000;
/** Small, so that making events never holds up an answer for long. */
const batch = 200;

/**
 * Makes each decision an event, in batches and off the path of whoever asked; those that an open page repeats are folded
 * into one with their number (see `foldDecisions`). Allowed decisions are sampled by `keepAllowed` (0 to 1); INVARIANT:
 * neither a denial nor what raises an alarm is ever sampled away. What does not fit, and what the store refuses, is counted
 * in the account `decisions`.
 */
export function keepDecisions(parts: {
  readonly intake: Intake;
  readonly keepAllowed: number;
  readonly limit?: number;
}): DecisionEvents {
  const { intake, keepAllowed, limit = mostWaiting } = parts;
  const account = intake.account('internal', 'decisions');
  let waiting: Waiting[] = [];
  let owed = 0;
  let flushing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const flush = async () => {
    while (waiting.length > 0) {
      const taken = waiting.slice(0, batch);
      waiting = waiting.slice(batch);
      const frames = taken.map(frameOf);
      const submitted = intake.submit(account, frames);
      if (submitted === undefined) {
        const bytes = frames.reduce((sum, frame) => sum + frame.bytes, 0);
        account.lose('intake-full', bytes, intake.clock.now(), frames.length);
      } else await submitted;
    }
  };
  const start = () => {
    timer = undefined;
    flushing ??= flush().finally(() => {
      flushing = undefined;
    });
  };
  const folds = foldDecisions((folded) => {
    const { made } = folded;
    if (made.decision.allowed && made.alarm === undefined) {
      // Evenly spaced rather than random: a share of 0.1 keeps every tenth.
      owed += keepAllowed;
      if (owed < 1) return account.note('sampled');
      owed -= 1;
    }
    if (waiting.length >= limit) return account.lose('queue-full', 0, intake.clock.now());
    waiting.push({ ...folded, facts: made.facts() });
    timer ??= setTimeout(start, 100).unref();
  });
  return {
    take: folds.take,
    async close() {
      folds.flush();
      clearTimeout(timer);
      await flushing;
      await flush();
    },
  };
}

interface Waiting extends Folded {
  readonly facts: readonly FactAge[];
}

/** A kept decision: what replaying it needs. */
export interface KeptDecision {
  readonly request: DecisionMade['request'];
  readonly decision: { readonly allowed: boolean };
  /** How many decisions it stands for; 1 where absent. */
  readonly times?: number;
}

function frameOf({ made, facts, times, first }: Waiting): ReadFrame {
  const { request, decision, requestId } = made;
  const raw = rawOf({ request, decision, ...(times > 1 && { times }) });
  const { principal, resource } = request;
  const fields: [string, FieldValue | undefined][] = [
    ['event.kind', made.alarm === undefined ? 'event' : 'alert'],
    ['event.category', ['api']],
    ['event.type', [decision.allowed ? 'allowed' : 'denied']],
    ['event.provider', made.door],
    ['event.action', request.action],
    ['event.outcome', decision.allowed ? 'success' : 'failure'],
    ['event.reason', reasonOf(made)],
    ['event.duration', made.nanoseconds],
    [principalField(principal), principal.id],
    // What detections and incidents name people by.
    ['user.name', principal.type === 'User' ? principal.id : undefined],
    ['kydai.decision.principal', cedarText(principal)],
    ['kydai.decision.resource', cedarText(resource)],
    ['kydai.decision.outcome', decision.outcome],
    ['rule.id', decision.determining.map(({ id }) => id)],
    ['rule.ruleset', decision.policySet],
    [
      'error.message',
      decision.failures.map(({ id, message }) => `${id}: ${message}`).join('; ') || undefined,
    ],
    ['http.request.id', requestId],
    ['kydai.decision.alarm', made.alarm],
    ['kydai.decision.times', times > 1 ? times : undefined],
    ['event.start', times > 1 ? new Date(first).toISOString() : undefined],
    ['kydai.decision.stale', decision.stale?.map(({ name }) => name)],
    ...facts.flatMap(({ name, source, age }): [string, FieldValue][] => [
      [`kydai.fact.${name}.source`, source],
      [`kydai.fact.${name}.age`, age],
    ]),
  ];
  return {
    raw,
    bytes: raw.length,
    normalised: {
      time: made.at,
      dataset: decisionDataset,
      fields: new Map(fields.filter((field): field is [string, FieldValue] => field[1] !== undefined)),
      parsed: true,
      count: 1,
    },
  };
}

function rawOf(kept: KeptDecision): string {
  try {
    return JSON.stringify(kept);
  } catch {
    // A whole number beyond what JSON's readers agree on.
    return JSON.stringify(kept, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value));
  }
}

function reasonOf({ decision }: DecisionMade): string {
  const reasons = decision.determining.map(({ reason, id }) => reason ?? id);
  return reasons.length === 0 ? decision.outcome : reasons.join('; ');
}

/** People and devices have ECS fields of their own. */
function principalField({ type }: CedarUid): string {
  if (type === 'User') return 'user.id';
  return type === 'Device' ? 'device.id' : 'kydai.decision.principal_id';
}
