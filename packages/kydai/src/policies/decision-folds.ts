import { cedarText, type DecisionDoor, type DecisionMade } from '../flow/decision-log.ts';

/** A decision to be kept, and how many it stands for: itself, or all of a fold. */
export interface Folded {
  readonly made: DecisionMade;
  /** At least 1. */
  readonly times: number;
  /** Epoch ms of the earliest that it stands for. */
  readonly first: number;
}

export interface DecisionFolds {
  take(made: DecisionMade): void;
  /** Hands over what is folded so far. */
  flush(): void;
}

/** An open page and a shipper ask the same again and again. */
const doors: ReadonlySet<DecisionDoor> = new Set(['console', 'collect']);
/** Only what reads, or lets lines in: whoever changes something is kept each time. */
const actions: ReadonlySet<string> = new Set(['view', 'search-logs', 'read-api', 'ingest-events']);
const span = 60_000;
const most = 10_000;

/**
 * Keeps the first of decisions that are alike (who, what, to what, by which policies, at which door) at once, and those that
 * follow as one a minute with their number, until a minute passes without one.
 *
 * INVARIANT: a denial, what raises an alarm, and what changes something is never folded; what is handed over stands for
 * exactly as many decisions as were taken.
 */
export function foldDecisions(hand: (folded: Folded) => void): DecisionFolds {
  const open = new Map<string, Folded | undefined>();
  let timer: NodeJS.Timeout | undefined;
  const minute = () => {
    timer = undefined;
    for (const [key, folded] of open) {
      if (folded === undefined) open.delete(key);
      else {
        hand(folded);
        open.set(key, undefined);
      }
    }
    if (open.size > 0) start();
  };
  const start = () => {
    timer ??= setTimeout(minute, span).unref();
  };
  return {
    take(made) {
      const { at, decision, alarm, door, request } = made;
      if (!decision.allowed || alarm !== undefined || !doors.has(door) || !actions.has(request.action))
        return hand({ made, times: 1, first: at });
      const key = JSON.stringify([
        door,
        cedarText(request.principal),
        request.action,
        cedarText(request.resource),
        decision.policySet,
        decision.determining.map(({ id }) => id),
      ]);
      if (!open.has(key)) {
        hand({ made, times: 1, first: at });
        if (open.size < most) open.set(key, undefined);
        return start();
      }
      const { times = 0, first = at } = open.get(key) ?? {};
      const facts = made.facts();
      open.set(key, { made: { ...made, facts: () => facts }, times: times + 1, first });
    },
    flush() {
      clearTimeout(timer);
      timer = undefined;
      for (const folded of open.values()) if (folded !== undefined) hand(folded);
      open.clear();
    },
  };
}
