import type { Clock, Detection, EntityRef, Event } from '@kydai/contracts';
import type { CorrelationRule, EntityField, RuleSet } from '../rules/rule.ts';
import { piecesOf, type StatePiece } from './checkpoint.ts';
import { Correlator, type Feed, type Match } from './correlator.ts';
import { correlatedDetection, plainDetection } from './detections.ts';
import { defaultEntityFields } from './entities.ts';
import type { Stream } from './route.ts';
import { StreamRules } from './stream-rules.ts';
import { defaultThrottle, Throttle, type ThrottleLimits } from './throttle.ts';
import { zonedOffset } from './zone.ts';

export interface DetectorOptions {
  readonly rules: RuleSet;
  readonly clock: Clock;
  /** Instead of the built-in list; a rule's own `kydai.entities` still wins. */
  readonly entityFields?: readonly EntityField[];
  /** The city's zone for the time modifiers: `+07:00` (Viet Nam, which has no summer time) unless told. */
  readonly zone?: string;
  /** How much older than a group's window an event may be and still count, ms; one minute unless told. */
  readonly lateness?: number;
  /** Live groups per correlation; a million unless told. */
  readonly maxGroups?: number;
  /**
   * Holds back what floods, unless told: 20 a minute for a rule and its entities, repeats beyond 1,000 for a rule, and
   * everything beyond 20,000 for a rule but what is about a known entity.
   */
  readonly throttle?: ThrottleLimits | false;
  /** Whether the register knows an entity: no flood about others holds back a detection about it. */
  readonly known?: (entity: EntityRef) => boolean;
  /** `reference` evaluates every routed rule plainly: slow, obviously right, for comparison. */
  readonly engine?: 'indexed' | 'reference';
}

export interface DetectorStats {
  readonly rules: number;
  readonly streams: readonly {
    readonly stream: string;
    readonly rules: number;
    readonly events: number;
    /** Rules evaluated per event, on average. */
    readonly candidates: number;
    /** Rules that no literal can wake and that are tried on every event. */
    readonly always: number;
    readonly bytes: number;
  }[];
  readonly correlations: readonly {
    readonly rule: string;
    readonly groups: number;
    readonly late: number;
    readonly evicted: number;
  }[];
  /** Detections held back by the throttle, by rule id. */
  readonly suppressed: Readonly<Record<string, number>>;
}

/** Finds detections in events. Synchronous, without effects beyond its own memory; never throws for an event. */
export interface Detector {
  process(event: Event): readonly Detection[];
  processBatch(events: readonly Event[]): readonly Detection[];
  /** Closes windows that ended before `now` (epoch ms); for conditions such as "fewer than". */
  advance(now: number): readonly Detection[];
  /** The ids of the plain rules that hold of the event, whether they report or not. */
  matches(event: Event): readonly string[];
  /**
   * The state of now in pieces, each small enough to be written down without a pause that anybody notices. Events may be
   * processed in between. One at a time.
   */
  checkpoint(): Iterable<StatePiece>;
  /**
   * Takes up a checkpoint before the first event; returns the correlations whose state was dropped because their rule
   * changed or is gone. Where the pieces throw, so does this, and the detector is of no use any more.
   */
  restore(pieces: Iterable<StatePiece>): readonly string[];
  /**
   * Compiles ahead, for the kinds of events that came before the checkpoint, what would be compiled when the first of
   * each comes. Yields now and then, and events may be processed in between.
   */
  readying(): Generator<void, void, void>;
  /**
   * A detector with other rules or limits that goes on counting where this one is. It is made while this one goes on;
   * yields now and then. Once it is there, this one is done for. Correlations that are not the same begin anew.
   */
  succeeding(options: Pick<DetectorOptions, 'rules' | 'throttle'>): Generator<void, Detector, void>;
  stats(): DetectorStats;
}

const noDetections: readonly Detection[] = [];
const noGroup: ReadonlyMap<string, string> = new Map();
/** An event from further ahead than this counts at its receipt, so that it does not move the windows of others. */
const maxAhead = 60_000;

/** Compiles rules for one stream at a time, when its first event comes or ahead. */
export function createDetector(options: DetectorOptions): Detector {
  return new LiveDetector(options);
}

class LiveDetector implements Detector {
  readonly #options: DetectorOptions;
  readonly #entityFields: readonly EntityField[];
  readonly #rules: StreamRules;
  readonly #throttle: Throttle | undefined;
  readonly #correlators: readonly Correlator[];
  readonly #consumers = new Map<string, Correlator[]>();
  readonly #found: number[] = [];
  /** The streams of the checkpoint. */
  #expected: readonly Stream[] = [];

  constructor(options: DetectorOptions, before?: LiveDetector, rules = streamRulesOf(options)) {
    const { lateness = 60_000, maxGroups = 1_000_000, throttle = defaultThrottle } = options;
    this.#options = options;
    this.#entityFields = options.entityFields ?? defaultEntityFields;
    this.#rules = rules;
    this.#throttle =
      throttle === false ? undefined : new Throttle(throttle, before ? before.#throttle : undefined);
    const known = new Map((before ? before.#correlators : []).map((each) => [each.rule.id, each]));
    this.#correlators = options.rules.correlations.map((rule) => {
      const same = known.get(rule.id);
      return same?.goOnAs(rule) ? same : new Correlator(rule, lateness, maxGroups);
    });
    for (const correlator of this.#correlators) {
      for (const id of correlator.rule.rules) {
        const consumers = this.#consumers.get(id);
        if (consumers) consumers.push(correlator);
        else this.#consumers.set(id, [correlator]);
      }
    }
  }

  process(event: Event): readonly Detection[] {
    const found = this.#found;
    found.length = 0;
    const rules = this.#rules.match(event, found);
    if (found.length === 0) return noDetections;
    const detections: Detection[] = [];
    for (let index = 0; index < found.length; index++) {
      const rule = rules[found[index]!]!;
      if (rule.reports) {
        const detected = this.#options.clock.now();
        this.#report(plainDetection(rule, event, this.#entityFields, detected), event.received, detections);
      }
      if (this.#consumers.has(rule.id)) {
        const time = event.time > event.received + maxAhead ? event.received : event.time;
        this.#feed({ event, time, rule: rule.id, group: noGroup }, detections);
      }
    }
    return detections;
  }

  processBatch(events: readonly Event[]): readonly Detection[] {
    const detections: Detection[] = [];
    for (let index = 0; index < events.length; index++) {
      const found = this.process(events[index]!);
      for (let at = 0; at < found.length; at++) detections.push(found[at]!);
    }
    return detections;
  }

  advance(now: number): readonly Detection[] {
    const detections: Detection[] = [];
    for (const correlator of this.#correlators) {
      const closed: Match[] = [];
      correlator.advance(now, closed);
      for (const satisfied of closed) this.#settle(correlator.rule, satisfied, detections);
    }
    return detections;
  }

  matches(event: Event): readonly string[] {
    this.#found.length = 0;
    const rules = this.#rules.match(event, this.#found);
    return this.#found.map((index) => rules[index]!.id);
  }

  checkpoint(): Iterable<StatePiece> {
    return piecesOf(this.#correlators, this.#throttle, this.#rules.streams);
  }

  restore(pieces: Iterable<StatePiece>): readonly string[] {
    const correlators = new Map(this.#correlators.map((correlator) => [correlator.rule.id, correlator]));
    const dropped = new Set<string>();
    for (const piece of pieces) {
      if ('throttle' in piece) this.#throttle?.restore(piece.throttle);
      else if ('streams' in piece) this.#expected = piece.streams;
      else if (!correlators.get(piece.rule)?.restore(piece.state)) dropped.add(piece.rule);
    }
    for (const correlator of this.#correlators) correlator.restored();
    return [...dropped];
  }

  readying(): Generator<void, void, void> {
    return this.#rules.readying(this.#expected);
  }

  *succeeding(changes: Pick<DetectorOptions, 'rules' | 'throttle'>): Generator<void, Detector, void> {
    const options = { ...this.#options, ...changes };
    const rules = streamRulesOf(options);
    yield* rules.readyingAfter(this.#rules);
    return new LiveDetector(options, this, rules);
  }

  stats(): DetectorStats {
    const { rules, correlations } = this.#options.rules;
    return {
      rules: rules.length + correlations.length,
      streams: this.#rules.stats(),
      correlations: this.#correlators.map((correlator) => {
        return { rule: correlator.rule.id, ...correlator.stats() };
      }),
      suppressed: Object.fromEntries(this.#throttle?.suppressed() ?? []),
    };
  }

  #feed(next: Feed, detections: Detection[]): void {
    const consumers = this.#consumers.get(next.rule);
    if (consumers === undefined) return;
    const satisfied: Match[] = [];
    for (const correlator of consumers) {
      correlator.feed(next, satisfied);
      for (const match of satisfied.splice(0)) this.#settle(correlator.rule, match, detections);
    }
  }

  #settle(rule: CorrelationRule, match: Match, detections: Detection[]): void {
    if (rule.reports) {
      const detected = this.#options.clock.now();
      const detection = correlatedDetection(rule, match, this.#entityFields, detected);
      this.#report(detection, match.event?.received ?? match.time, detections);
    }
    const event = match.event ?? closing(match);
    this.#feed({ event, time: match.time, rule: rule.id, group: match.group }, detections);
  }

  #report(detection: Detection, at: number, detections: Detection[]): void {
    if (!this.#throttle) {
      detections.push(detection);
      return;
    }
    const { known } = this.#options;
    const register = known === undefined ? [] : detection.entities.filter(known);
    const group = detection.group === undefined ? '' : JSON.stringify(detection.group);
    const subject = {
      rule: detection.rule.id,
      source: `${textOf(detection.entities)}${group}`,
      ...(register.length === 0 ? {} : { known: textOf(register) }),
      drill: detection.drill,
    };
    const held = this.#throttle.admit(subject, at);
    if (held === undefined) return;
    detections.push(held === 0 ? detection : { ...detection, eventCount: detection.eventCount + held });
  }
}

function streamRulesOf({ rules, engine = 'indexed', zone = '+07:00' }: DetectorOptions): StreamRules {
  return new StreamRules(rules.rules, { utcOffset: zonedOffset(zone) }, engine);
}

/** What stands for the deciding event to the correlations that a window feeds which closed with time. */
function closing({ time, ids, group }: Match): Event {
  return { id: ids.at(-1) ?? '', time, received: time, source: '', dataset: '', fields: group, raw: '' };
}

function textOf(entities: readonly EntityRef[]): string {
  let text = '';
  for (const { type, id } of entities) text += text === '' ? `${type}:${id}` : ` ${type}:${id}`;
  return text;
}
