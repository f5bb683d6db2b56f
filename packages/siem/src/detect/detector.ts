// One file because the way of an event through rules, correlations and throttle is one closure over one state.
import type { Clock, Detection, EntityRef, Event } from '@kydai/contracts';
import type { CorrelationRule, EntityField, RuleHead, RuleSet, SigmaRule } from '../rules/rule.ts';
import { Correlator, type CorrelatorState, type Feed, type Match } from './correlator.ts';
import { detectionId } from './detection-id.ts';
import { defaultEntityFields, EntityList } from './entities.ts';
import { Matcher } from './matcher.ts';
import { evaluate } from './reference.ts';
import { fits, Router, type Stream } from './route.ts';
import { defaultThrottle, Throttle, type ThrottleLimits, type ThrottleState } from './throttle.ts';
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

/** What correlations remember, as plain JSON. */
export interface DetectorState {
  readonly version: 1;
  readonly correlations: Readonly<Record<string, CorrelatorState>>;
  readonly throttle?: ThrottleState;
}

/** A part of a checkpoint: some groups of one correlation, or what the throttle remembers. */
export type StatePiece =
  | { readonly rule: string; readonly state: CorrelatorState }
  | { readonly throttle: ThrottleState };

const groupsInPiece = 1000;

/** The checkpoint that the pieces are of. */
export function joinState(pieces: Iterable<StatePiece>): DetectorState {
  const groups = new Map<string, CorrelatorState['groups'][number][]>();
  const correlations: Record<string, CorrelatorState> = {};
  let throttle: ThrottleState | undefined;
  for (const piece of pieces) {
    if ('throttle' in piece) throttle = piece.throttle;
    else {
      const { rule, state } = piece;
      const known = groups.get(rule) ?? [];
      for (const group of state.groups) known.push(group);
      groups.set(rule, known);
      correlations[rule] = { ...state, groups: known };
    }
  }
  return { version: 1, correlations, ...(throttle === undefined ? {} : { throttle }) };
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
  checkpoint(): DetectorState;
  /**
   * The checkpoint of now in pieces, each small enough to be written down without a pause that anybody notices. Events
   * may be processed in between. One at a time; `joinState` makes a checkpoint of the pieces.
   */
  checkpointInPieces(): Iterable<StatePiece>;
  /** Takes up a checkpoint; returns the correlations whose state was dropped because their rule changed or is gone. */
  restore(state: DetectorState): readonly string[];
  stats(): DetectorStats;
}

interface Group {
  readonly stream: Stream;
  readonly rules: readonly SigmaRule[];
  readonly matcher: Matcher | undefined;
}

const noDetections: readonly Detection[] = [];
const noGroup: ReadonlyMap<string, string> = new Map();
/** An event from further ahead than this counts at its receipt, so that it does not move the windows of others. */
const maxAhead = 60_000;

/** Compiles rules for one stream at a time, when its first event comes. */
export function createDetector(options: DetectorOptions): Detector {
  const { rules, clock, lateness = 60_000, maxGroups = 1_000_000, engine = 'indexed' } = options;
  const context = { utcOffset: zonedOffset(options.zone ?? '+07:00') };
  const entityFields = options.entityFields ?? defaultEntityFields;
  const limits = options.throttle ?? defaultThrottle;
  const throttle = limits === false ? undefined : new Throttle(limits);
  const router = new Router(rules.rules);
  const groups = new Map<Stream, Group>();
  const correlators = rules.correlations.map((rule) => new Correlator(rule, lateness, maxGroups));
  const consumers = new Map<string, Correlator[]>();
  for (const correlator of correlators) {
    for (const id of correlator.rule.rules) consumers.set(id, [...(consumers.get(id) ?? []), correlator]);
  }
  const found: number[] = [];

  return { process, processBatch, advance, matches, checkpoint, checkpointInPieces, restore, stats };

  function process(event: Event): readonly Detection[] {
    const { rules: candidates } = match(event);
    if (found.length === 0) return noDetections;
    const detections: Detection[] = [];
    for (const index of found) {
      const rule = candidates[index]!;
      if (rule.reports) report(plainDetection(rule, event), event.received, detections);
      if (consumers.has(rule.id)) {
        const time = event.time > event.received + maxAhead ? event.received : event.time;
        feed({ event, time, rule: rule.id, group: noGroup }, detections);
      }
    }
    return detections;
  }

  function processBatch(events: readonly Event[]): readonly Detection[] {
    const detections: Detection[] = [];
    for (let index = 0; index < events.length; index++) {
      const found = process(events[index]!);
      for (let at = 0; at < found.length; at++) detections.push(found[at]!);
    }
    return detections;
  }

  function advance(now: number): readonly Detection[] {
    const detections: Detection[] = [];
    for (const correlator of correlators) {
      const closed: Match[] = [];
      correlator.advance(now, closed);
      for (const satisfied of closed) settle(correlator.rule, satisfied, detections);
    }
    return detections;
  }

  function matches(event: Event): readonly string[] {
    const { rules: candidates } = match(event);
    return found.map((index) => candidates[index]!.id);
  }

  function match(event: Event): Group {
    const group = groupOf(event);
    found.length = 0;
    if (group.matcher) group.matcher.match(event, found);
    else {
      group.rules.forEach((rule, index) => {
        if (evaluate(rule.expression, event, context)) found.push(index);
      });
    }
    return group;
  }

  function groupOf(event: Event): Group {
    const stream = router.route(event);
    let group = groups.get(stream);
    if (!group) {
      const fitting = rules.rules.filter((rule) => fits(rule.logsource, stream));
      const indexed = engine === 'indexed' && fitting.length > 0;
      const expressions = fitting.map((rule) => rule.expression);
      group = { stream, rules: fitting, matcher: indexed ? new Matcher(expressions, context) : undefined };
      groups.set(stream, group);
    }
    return group;
  }

  function feed(next: Feed, detections: Detection[]): void {
    for (const correlator of consumers.get(next.rule) ?? []) {
      const satisfied: Match[] = [];
      correlator.feed(next, satisfied);
      for (const match of satisfied) settle(correlator.rule, match, detections);
    }
  }

  function settle(rule: CorrelationRule, match: Match, detections: Detection[]): void {
    if (rule.reports)
      report(correlatedDetection(rule, match), match.event?.received ?? match.time, detections);
    const event = match.event ?? closing(match);
    feed({ event, time: match.time, rule: rule.id, group: match.group }, detections);
  }

  function report(detection: Detection, at: number, detections: Detection[]): void {
    if (!throttle) {
      detections.push(detection);
      return;
    }
    const { known = () => false } = options;
    const register = detection.entities.filter(known);
    const group = detection.group === undefined ? '' : JSON.stringify(detection.group);
    const subject = {
      rule: detection.rule.id,
      source: `${textOf(detection.entities)}${group}`,
      ...(register.length === 0 ? {} : { known: textOf(register) }),
      drill: detection.drill,
    };
    const held = throttle.admit(subject, at);
    if (held === undefined) return;
    detections.push(held === 0 ? detection : { ...detection, eventCount: detection.eventCount + held });
  }

  function plainDetection(rule: SigmaRule, event: Event): Detection {
    const entities = new EntityList();
    entities.addFields(event, rule.entities ?? entityFields);
    return {
      ...commonParts(rule),
      id: detectionId(event.received, rule.id, event.id),
      time: event.time,
      firstEventTime: event.time,
      detected: clock.now(),
      eventIds: [event.id],
      eventCount: 1,
      entities: entities.toArray(),
      drill: isDrill(event),
    };
  }

  function correlatedDetection(rule: CorrelationRule, match: Match): Detection {
    const fields = rule.entities ?? entityFields;
    const typeOf = new Map(fields.map(({ field, type }) => [field, type]));
    const entities = new EntityList();
    for (const [field, value] of match.group) {
      const type = typeOf.get(field);
      if (type) entities.add(type, value);
    }
    const counted = rule.valueFields.length === 1 ? typeOf.get(rule.valueFields[0]!.name) : undefined;
    if (counted) entities.add(counted, match.values);
    if (match.event) entities.addFields(match.event, fields);
    const group = Object.fromEntries(match.group);
    return {
      ...commonParts(rule),
      id: detectionId(
        match.event?.received ?? match.time,
        rule.id,
        match.event?.id ?? '',
        JSON.stringify(group),
      ),
      time: match.event?.time ?? match.time,
      firstEventTime: match.first,
      detected: clock.now(),
      eventIds: match.ids,
      eventCount: match.count,
      entities: entities.toArray(),
      group,
      drill: match.event ? isDrill(match.event) : false,
    };
  }

  function checkpoint(): DetectorState {
    const states = correlators.map((correlator) => [correlator.rule.id, correlator.save()] as const);
    const saved = throttle ? { throttle: throttle.save() } : {};
    return { version: 1, correlations: Object.fromEntries(states), ...saved };
  }

  function checkpointInPieces(): Iterable<StatePiece> {
    // All of them begin now, whenever their pieces are asked for.
    const parts = correlators.map(
      (correlator) => [correlator.rule.id, correlator.saveInPieces(groupsInPiece)] as const,
    );
    return pieces(parts, throttle?.save());
  }

  function restore(state: DetectorState): readonly string[] {
    if (throttle && state.throttle) throttle.restore(state.throttle);
    const dropped = new Set(Object.keys(state.correlations));
    for (const correlator of correlators) {
      const { id } = correlator.rule;
      const saved = Object.hasOwn(state.correlations, id) ? state.correlations[id] : undefined;
      if (saved && correlator.restore(saved)) dropped.delete(id);
    }
    return [...dropped];
  }

  function stats(): DetectorStats {
    return {
      rules: rules.rules.length + rules.correlations.length,
      streams: [...groups.values()].map(({ stream, rules: routed, matcher }) => {
        const {
          seen = 0,
          candidates = routed.length,
          always = routed.length,
          bytes = 0,
        } = matcher?.stats() ?? {};
        return { stream: stream.key, rules: routed.length, events: seen, candidates, always, bytes };
      }),
      correlations: correlators.map((correlator) => ({ rule: correlator.rule.id, ...correlator.stats() })),
      suppressed: Object.fromEntries(throttle?.suppressed() ?? []),
    };
  }
}

/** What stands for the deciding event to the correlations that a window feeds which closed with time. */
function closing({ time, ids, group }: Match): Event {
  return { id: ids.at(-1) ?? '', time, received: time, source: '', dataset: '', fields: group, raw: '' };
}

function* pieces(
  parts: readonly (readonly [string, Generator<CorrelatorState, void, void>])[],
  throttle: ThrottleState | undefined,
): Generator<StatePiece, void, void> {
  try {
    if (throttle) yield { throttle };
    for (const [rule, states] of parts) for (const state of states) yield { rule, state };
  } finally {
    for (const [, states] of parts) states.return();
  }
}

type CommonParts = Pick<Detection, 'rule' | 'level' | 'techniques' | 'tags'>;
const common = new WeakMap<RuleHead, CommonParts>();

/** What all detections of a rule share, made once. */
function commonParts(rule: RuleHead): CommonParts {
  const known = common.get(rule);
  if (known !== undefined) return known;
  const made = {
    rule: {
      id: rule.id,
      title: rule.title,
      ...(rule.titleVi === undefined ? {} : { titleVi: rule.titleVi }),
    },
    level: rule.level,
    techniques: rule.techniques,
    tags: rule.tags,
  };
  common.set(rule, made);
  return made;
}

function textOf(entities: readonly EntityRef[]): string {
  return entities.map(({ type, id }) => `${type}:${id}`).join(' ');
}

function isDrill(event: Event): boolean {
  const mark = event.fields.get('kydai.drill');
  return mark === true || mark === 'true';
}
