import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Detection, EntityRef, Event, EventStore } from '@kydai/contracts';
import { createDetector, type Detector, type FieldMap, NormaliseError } from '@kydai/siem';
import type { Logger } from 'pino';
import type { Content } from '../boot/content.ts';
import { ShellError } from '../error.ts';
import { gatherRules, type RulesInForce, rulesInForce } from '../rules/in-force.ts';
import { inTurns } from '../rules/in-turns.ts';
import type { RuleSettings } from '../rules/settings.ts';
import { readState, stateLines, writeStateInTurns, writeStateNow } from './detection-state.ts';

/** Since the first start. */
export interface DetectionLosses {
  /** Detections held back from a flood. */
  readonly suppressed: number;
  readonly suppressedByRule: Readonly<Record<string, number>>;
  readonly correlations: readonly {
    readonly rule: string;
    /** Events that came too late to count. */
    readonly late: number;
    /** Groups that gave way to others before their time. */
    readonly evicted: number;
  }[];
}

export interface DetectionStage {
  /** The rules in force now. */
  readonly inForce: RulesInForce;
  /** Detections held back from a flood, by rule id. */
  suppressed(): Readonly<Record<string, number>>;
  /** What the detection held back or could not count. */
  losses(): DetectionLosses;
  /** Takes up what was imported into the data folder, and gives up what was removed. Counting goes on. */
  reload(): Promise<RulesInForce>;
  /** Takes up what was changed about rules that are in force. Counting goes on. */
  apply(): Promise<void>;
  /** Where the city's log sources keep their fields. */
  readonly fieldMaps: readonly FieldMap[];
  /** Judges events that are durable, in the order in which they came. */
  take(events: readonly Event[]): void;
  /** Judges what became durable before a kill and was not judged; resolves to how many events that were. */
  recover(): Promise<number>;
  close(): void;
}

const saveEvery = 5000;
/** Events are judged again in slices of this much receiving time, so that memory stays bounded. */
const recoverySlice = 30_000;
/** How far back a start without a kept state judges anew. */
const recoveryReach = 3600_000;

/**
 * Judges every durable event by every rule.
 *
 * INVARIANT: every acknowledged event is judged, also when the process is killed: the state of the correlations is kept
 * every few seconds with the id of the last event that it rests on and the detections that triage has not settled; the
 * next start settles those and judges what came after. A detection has the same id when it is made again, and triage
 * takes an id once. Only a start that finds no kept state judges no more than the last hour.
 *
 * @throws ShellError `content` where one of the city's own rules is broken
 */
export function openDetection(parts: {
  readonly content: Content;
  readonly folder: string;
  readonly events: EventStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: RuleSettings;
  readonly fieldMaps: readonly FieldMap[];
  /** The zone of the time modifiers. */
  readonly zone: string;
  /** Whether the register knows an entity: no flood about others holds back what is about it. */
  readonly known: (entity: EntityRef) => boolean;
  /** Resolves once the detection is settled: durable, and its response begun. */
  readonly onDetection: (detection: Detection) => Promise<void>;
}): DetectionStage {
  const { content, folder, events, clock, log, known, settings, fieldMaps, zone, onDetection } = parts;
  let inForce = rulesInForce(content, folder, fieldMaps);
  const broken = inForce.ownProblems.find(({ severity }) => severity === 'error');
  if (broken) throw new ShellError('content', `${broken.file}:${broken.line}: ${broken.message}`);
  tellOfPacks(inForce, log);

  const settled = () => ({ rules: settings.active(inForce.rules), throttle: settings.limits() });
  const file = join(folder, 'detection.json');
  const kept = takeUp(file, () => detectorFor({ ...settled(), clock, known, zone }), log);
  let { detector, through } = kept;
  const pending = new Map(kept.pending.map((detection) => [detection.id, detection]));
  let saved = '';

  const settle = (detection: Detection) => {
    pending.set(detection.id, detection);
    onDetection(detection).then(
      () => pending.delete(detection.id),
      // The program stops: it is kept as pending for the next start.
      () => {},
    );
  };

  const take = (batch: readonly Event[]) => {
    for (const detection of detector.processBatch(batch)) settle(detection);
    through = batch.at(-1)?.id ?? through;
  };
  const stopping = new AbortController();
  let saving = false;
  const mark = () => `${through} ${[...pending.keys()].join(' ')}`;
  const present = () => stateLines(detector, { through, pending: [...pending.values()] });
  const save = async () => {
    const now = mark();
    // A large state takes longer to write than the time between two saves; the next one then waits its turn.
    if (saving || now === saved) return;
    saving = true;
    try {
      if (await writeStateInTurns(file, present(), stopping.signal)) saved = now;
    } finally {
      saving = false;
    }
  };
  // What compiles rules has its turns one after the other; events are judged meanwhile by those that are ready.
  let compiling: Promise<unknown> = inTurns(detector.readying()).catch((error: unknown) => {
    log.warn(
      { err: error },
      'the rules of the streams of before the start are made ready as their events come',
    );
  });
  const afterOthers = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const done = compiling.catch(() => {}).then(work);
    compiling = done;
    return done;
  };
  const succeed = async () => {
    detector = await inTurns(detector.succeeding(settled()));
  };
  const tick = async () => {
    for (const detection of detector.advance(clock.now())) settle(detection);
    await save();
  };
  const timer = setInterval(() => {
    tick().catch((error: unknown) => log.error({ err: error }, 'keeping the state of the detection failed'));
  }, saveEvery);
  timer.unref();

  return {
    get inForce() {
      return inForce;
    },
    suppressed: () => detector.stats().suppressed,
    losses() {
      const { suppressed, correlations } = detector.stats();
      const held = Object.values(suppressed).reduce((sum, count) => sum + count, 0);
      return { suppressed: held, suppressedByRule: suppressed, correlations };
    },
    reload() {
      // One after the other, so that the last one to ask finds what it imported.
      return afterOthers(async () => {
        inForce = await inTurns(gatherRules(content, folder, fieldMaps));
        tellOfPacks(inForce, log);
        await succeed();
        return inForce;
      });
    },
    apply: () => afterOthers(succeed),
    fieldMaps,
    take,
    async recover() {
      for (const detection of pending.values()) settle(detection);
      const now = clock.now();
      let judged = 0;
      let slice = recoverySlice;
      for (let from = through === '' ? now - recoveryReach : receivedAt(through); from <= now; ) {
        const missed: Event[] = [];
        let cursor: string | undefined;
        do {
          const page = await events.search({
            filter: {
              op: 'range',
              field: 'id',
              gt: through === '' ? firstId(from) : through,
              lt: firstId(from + slice),
            },
            order: 'oldest',
            limit: 10_000,
            ...(cursor === undefined ? {} : { cursor }),
          });
          missed.push(...page.events);
          cursor = page.next;
        } while (cursor !== undefined);
        // Ids sort by when the events came, which is the order in which they would have been judged.
        take(missed.toSorted((a, b) => (a.id < b.id ? -1 : 1)));
        judged += missed.length;
        from += slice;
        // A long time without events is crossed in longer steps.
        slice = missed.length > 0 ? recoverySlice : Math.min(slice * 2, 3600_000);
      }
      return judged;
    },
    close() {
      clearInterval(timer);
      stopping.abort();
      if (mark() !== saved) writeStateNow(file, present());
    },
  };
}

/** @throws ShellError `setting` for a zone that is none */
function detectorFor(options: Parameters<typeof createDetector>[0]): Detector {
  try {
    return createDetector(options);
  } catch (error) {
    if (!(error instanceof NormaliseError)) throw error;
    throw new ShellError('setting', `setting \`timeZone\`: ${error.message}`, { cause: error });
  }
}

/** A broken rule of a pack is left out, and said; it never stops the start. */
function tellOfPacks({ packProblems, damaged }: RulesInForce, log: Logger): void {
  for (const [pack, problems] of packProblems) {
    const errors = problems.filter(({ severity }) => severity === 'error').length;
    if (errors > 0) log.warn({ pack, leftOut: errors }, 'rules of an imported pack are left out');
  }
  for (const pack of damaged) log.warn({ pack }, 'an imported rule pack cannot be read; import it again');
}

/** Makes a detector and restores the kept state; without one, nothing was judged yet. */
function takeUp(
  file: string,
  made: () => Detector,
  log: Logger,
): { detector: Detector; through: string; pending: readonly Detection[] } {
  const detector = made();
  if (!existsSync(file)) return { detector, through: '', pending: [] };
  try {
    const { through, pieces, pending } = readState(file);
    const dropped = detector.restore(pieces);
    if (dropped.length > 0)
      log.warn({ rules: dropped }, 'these correlations changed; their counting starts anew');
    return { detector, through, pending };
  } catch (error) {
    log.warn(
      { err: error },
      'the state of the detection could not be taken up; the last hour is judged anew',
    );
    return { detector: made(), through: '', pending: [] };
  }
}

/** Epoch milliseconds in a UUIDv7. */
function receivedAt(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** What sorts before every UUIDv7 of a time. */
function firstId(time: number): string {
  const hex = Math.max(0, time).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
