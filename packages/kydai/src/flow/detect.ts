import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Detection, Event, EventStore } from '@kydai/contracts';
import { createDetector, type Detector } from '@kydai/siem';
import type { Logger } from 'pino';
import type { Content } from '../boot/content.ts';
import { ShellError } from '../error.ts';
import { type RulesInForce, rulesInForce } from '../rules/in-force.ts';

export interface DetectionStage {
  /** The rules in force now. */
  readonly inForce: RulesInForce;
  /** Detections held back from a flood, by rule id. */
  suppressed(): Readonly<Record<string, number>>;
  /** Takes up what was imported into the data folder, and gives up what was removed. Counting goes on. */
  reload(): RulesInForce;
  /** Judges events that are durable, in the order in which they came. */
  take(events: readonly Event[]): void;
  /** Judges what became durable before a kill and was not judged; resolves to how many events that were. */
  recover(): Promise<number>;
  close(): void;
}

const saveEvery = 5000;
const recoverAtMost = 1_000_000;

/**
 * Judges every durable event by every rule.
 *
 * INVARIANT: every acknowledged event is judged, also when the process is killed: the state of the correlations is kept
 * every few seconds with the id of the last event that it rests on, and the next start judges what came after. A
 * detection has the same id when it is made again, and triage knows it.
 *
 * @throws ShellError `content` where one of the city's own rules is broken
 */
export function openDetection(parts: {
  readonly content: Content;
  readonly folder: string;
  readonly events: EventStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onDetection: (detection: Detection) => Promise<void>;
}): DetectionStage {
  const { content, folder, events, clock, log, onDetection } = parts;
  let inForce = rulesInForce(content, folder);
  const broken = inForce.ownProblems.find(({ severity }) => severity === 'error');
  if (broken) throw new ShellError('content', `${broken.file}:${broken.line}: ${broken.message}`);
  tellOfPacks(inForce, log);

  let detector = createDetector({ rules: inForce.rules, clock });
  const file = join(folder, 'detection.json');
  let through = takeUp(file, detector, log);
  let saved = through;

  const take = (batch: readonly Event[]) => {
    for (const detection of detector.processBatch(batch)) void onDetection(detection);
    through = batch.at(-1)?.id ?? through;
  };
  const save = () => {
    if (through === saved) return;
    writeFileSync(`${file}.new`, JSON.stringify({ through, state: detector.checkpoint() }), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    saved = through;
  };
  const timer = setInterval(() => {
    try {
      for (const detection of detector.advance(clock.now())) void onDetection(detection);
      save();
    } catch (error) {
      log.error({ err: error }, 'keeping the state of the detection failed');
    }
  }, saveEvery);
  timer.unref();

  return {
    get inForce() {
      return inForce;
    },
    suppressed: () => detector.stats().suppressed,
    reload() {
      inForce = rulesInForce(content, folder);
      tellOfPacks(inForce, log);
      const state = detector.checkpoint();
      detector = createDetector({ rules: inForce.rules, clock });
      detector.restore(state);
      return inForce;
    },
    take,
    async recover() {
      const missed: Event[] = [];
      let cursor: string | undefined;
      do {
        const page = await events.search({
          filter: { op: 'range', field: 'id', gt: through },
          order: 'oldest',
          limit: 10_000,
          ...(cursor === undefined ? {} : { cursor }),
        });
        missed.push(...page.events);
        cursor = page.next;
      } while (cursor !== undefined && missed.length < recoverAtMost);
      // Ids sort by when the events came, which is the order in which they would have been judged.
      take(missed.toSorted((a, b) => (a.id < b.id ? -1 : 1)));
      return missed.length;
    },
    close() {
      clearInterval(timer);
      save();
    },
  };
}

/** A broken rule of a pack is left out, and said; it never stops the start. */
function tellOfPacks({ packProblems, damaged }: RulesInForce, log: Logger): void {
  for (const [pack, problems] of packProblems) {
    const errors = problems.filter(({ severity }) => severity === 'error').length;
    if (errors > 0) log.warn({ pack, leftOut: errors }, 'rules of an imported pack are left out');
  }
  for (const pack of damaged) log.warn({ pack }, 'an imported rule pack cannot be read; import it again');
}

/** Restores the kept state; returns the id of the last event that was judged, empty where there is none. */
function takeUp(file: string, detector: Detector, log: Logger): string {
  if (!existsSync(file)) return '';
  try {
    const { through, state } = JSON.parse(readFileSync(file, 'utf8'));
    const dropped = detector.restore(state);
    if (dropped.length > 0)
      log.warn({ rules: dropped }, 'these correlations changed; their counting starts anew');
    return String(through);
  } catch (error) {
    log.warn({ err: error }, 'the state of the detection could not be taken up; events are judged anew');
    return '';
  }
}
