import type { Event } from '@kydai/contracts';
import { NormaliseError } from '../normalise/error.ts';
import { zoneOffset } from '../normalise/syslog/time.ts';

/** Minutes east of UTC at a moment (epoch ms), where the event happened. */
export type OffsetAt = (time: number, event: Event) => number;

/** More zones than any city's sources have; a sender who invents names finds the rest ignored. */
const mostZones = 600;

/**
 * The zone in which the time modifiers of rules read a time: the one that the event names (`event.timezone`, ECS: `Z`,
 * `+07:00` or an IANA name), else the city's.
 *
 * @throws NormaliseError `unknown-zone` for a city's zone that is none
 */
export function zonedOffset(city: string): OffsetAt {
  const own = offsetIn(city);
  const known = new Map<string, ((time: number) => number) | undefined>();
  return (time, event) => {
    const named = event.fields.get('event.timezone');
    if (typeof named !== 'string' || named === '') return own(time);
    if (!known.has(named) && known.size < mostZones) known.set(named, attempt(named));
    return (known.get(named) ?? own)(time);
  };
}

function attempt(zone: string): ((time: number) => number) | undefined {
  try {
    return offsetIn(zone);
  } catch (error) {
    if (error instanceof NormaliseError) return undefined;
    throw error;
  }
}

function offsetIn(zone: string): (time: number) => number {
  const byWallClock = zoneOffset(zone);
  // The wall clock of a moment needs the offset that is sought: the second look is right but for the hour of a change.
  return (time) => byWallClock(time + byWallClock(time)) / 60_000;
}
