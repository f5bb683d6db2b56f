import type { CedarUid, Clock, Detection, Level, Signals } from '@kydai/contracts';
import type { Logger } from 'pino';
import type { Sessions } from '../sign-in/sessions.ts';
import type { ReportedFacts } from './reported-facts.ts';

/**
 * What a detection makes of whom it names, 0 to 100. Never enough to shut anybody out by itself: whoever can forge a line
 * of a log must not be able to do more than make a person sign in once more.
 */
const weights: Readonly<Record<Level, number>> = {
  informational: 0,
  low: 10,
  medium: 40,
  high: 60,
  critical: 60,
};
const fadesAfter = 24 * 3_600_000;
/** Who broke the glass is looked at by people, and works on until then. */
const exempt = 'kydai.category.break-glass';

/**
 * Tells the policies whom detections named in the last day: the fact `suspicion` of devices and people, by the source
 * `siem`. It fades by itself, as no news of a detector that works is good news.
 */
export function watchSuspicion(parts: {
  readonly signals: Signals;
  readonly reported: ReportedFacts;
  readonly sessions: Pick<Sessions, 'peopleOf'>;
  readonly isRegistered: (device: string) => boolean;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'error'>;
}): () => void {
  const { signals, reported, sessions, isRegistered, clock, log } = parts;
  const named = async ({ entities }: Detection): Promise<readonly CedarUid[]> => {
    const uids: CedarUid[] = [];
    for (const { type, id } of entities) {
      if (type === 'device' && isRegistered(id)) uids.push({ type: 'Device', id });
      // Logs know people by their login, policies by their id.
      if (type === 'user')
        for (const person of await sessions.peopleOf(id)) uids.push({ type: 'User', id: person });
    }
    return uids;
  };
  const take = async (detection: Detection) => {
    const weight = weights[detection.level];
    if (weight === 0 || detection.drill || detection.tags.includes(exempt)) return;
    for (const uid of await named(detection)) {
      const before = reported.of(uid).find(({ name }) => name === 'suspicion');
      const value = Math.max(weight, before === undefined ? 0 : Number(before.value));
      const at = clock.now();
      await reported.learn(
        { ...uid, name: 'suspicion', value, source: 'siem', at, until: at + fadesAfter, fades: true },
        `rule:${detection.rule.id}`,
      );
    }
  };
  let last: Promise<unknown> = Promise.resolve();
  return signals.subscribe((signal) => {
    if (signal.type !== 'detection') return;
    last = last
      .then(() => take(signal.detection))
      .catch((error: unknown) => log.error({ err: error }, 'a suspicion was not kept'));
  });
}
