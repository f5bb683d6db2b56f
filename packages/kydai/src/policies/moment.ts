import type { AccessRequest, Clock } from '@kydai/contracts';
import { type Engine, type Moment, momentAt, type PolicySet, withMoment } from '@kydai/policy';
import { ShellError } from '../error.ts';

/** The moment of now, where the clocks of the city are. */
export type MomentOf = () => Moment;

const quarter = 15 * 60_000;

/** @throws ShellError `setting` for a time zone that is none */
export function cityMoments(zone: string, clock: Clock): MomentOf {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  } catch (error) {
    throw new ShellError(
      'setting',
      `setting \`timeZone\`: \`${zone.slice(0, 60)}\` is no time zone; write one such as Asia/Ho_Chi_Minh`,
      { cause: error },
    );
  }
  // Offsets change at full quarters of an hour, so one is looked up four times an hour.
  let known = { quarter: Number.NaN, offset: 0 };
  return () => {
    const now = clock.now();
    const at = Math.floor(now / quarter);
    if (known.quarter !== at) known = { quarter: at, offset: offsetAt(format, now) };
    return momentAt(now, known.offset);
  };
}

function offsetAt(format: Intl.DateTimeFormat, now: number): number {
  const name = format.formatToParts(now).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
  const [, sign, hours, minutes] = /([+-])(\d{2}):(\d{2})/.exec(name) ?? [];
  if (hours === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

/** Completes requests with the time, for the actions whose schema asks for it. */
export function momentGiver(engine: Engine, moment: MomentOf): (request: AccessRequest) => AccessRequest {
  let set: PolicySet | undefined;
  let contexts = new Map<string, ReadonlyMap<string, unknown>>();
  return (request) => {
    if (set !== engine.policySet) {
      set = engine.policySet;
      contexts = new Map(
        [...(set.schema?.actions.values() ?? [])].map(({ uid, context }) => [uid.id, context]),
      );
    }
    const declared = contexts.get(request.action);
    if (declared === undefined) return request;
    const context = withMoment(request.context, declared, moment);
    return context === request.context ? request : { ...request, context: { ...context } };
  };
}
