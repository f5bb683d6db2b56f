import { PolicyError } from '../error.ts';

/** The time of a decision, as policies ask for it. */
export interface Moment {
  /** `datetime`: milliseconds since 1970. */
  readonly now: number;
  /** `datetime`: what clocks on the wall show, as if they stood in UTC; its `toTime()` is the time of day. */
  readonly local: number;
  /** 1 Monday to 7 Sunday, on the wall. */
  readonly weekday: number;
}

/** The moment at an instant (epoch milliseconds) where clocks are `offset` milliseconds ahead of UTC. */
export function momentAt(now: number, offset: number): Moment {
  const local = now + offset;
  return { now, local, weekday: new Date(local).getUTCDay() || 7 };
}

const form = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/** The moment of an RFC 3339 text; its own offset tells what is on the wall. Throws a `PolicyError` (`request`). */
export function momentOf(text: string): Moment {
  const match = form.exec(text);
  const now = match === null ? Number.NaN : Date.parse(text);
  if (Number.isNaN(now)) {
    throw new PolicyError('request', `\`${text.slice(0, 40)}\` is no time; write 2026-11-21T08:00:00+07:00`);
  }
  const minutes = Number(match![2] ?? 0) * 60 + Number(match![3] ?? 0);
  return momentAt(now, (match![1] === '-' ? -1 : 1) * minutes * 60_000);
}

/**
 * A context with the parts of the moment that the action's schema asks for: `now`, `local`, `weekday`. INVARIANT: what a
 * caller says the time is counts for nothing.
 */
export function withMoment<Context extends object>(
  context: Context | undefined,
  declared: ReadonlyMap<string, unknown>,
  moment: () => Moment,
): Context | (Context & Partial<Moment>) | undefined {
  if (!declared.has('now') && !declared.has('local') && !declared.has('weekday')) return context;
  const { now, local, weekday } = moment();
  return {
    ...(context as Context),
    ...(declared.has('now') && { now }),
    ...(declared.has('local') && { local }),
    ...(declared.has('weekday') && { weekday }),
  };
}
