import { hash } from 'node:crypto';
import type { SourceAccount } from '../ledger/account.ts';
import { FieldList } from '../normalise/fields.ts';
import type { Intake, ReadFrame } from './intake.ts';
import type { FrameOutcome } from './queue.ts';

/** A frame that its sender gave an identity, so that a second sending of it can be told from a second event. */
export interface IdentifiedFrame extends ReadFrame {
  /** The sender's id of it (`_id`, `event.id`, `log.record.uid`), or empty where its line alone is unique. */
  readonly id: string;
  /** What its second sending has in common with the first. */
  readonly line: string;
}

/** An event that was kept before this start. */
export interface KeptFrame {
  readonly source: string;
  readonly id: string;
  /** As `IdentifiedFrame` has it. */
  readonly line: string;
}

/** `sent-before`: the same event of the same sender is durable already; it was not stored again. */
export type SubmitOutcome = FrameOutcome | 'sent-before';

type State = true | Promise<boolean>;

/**
 * What was taken lately of frames that carry an identity. A shipper that never hears the answer to a request, because
 * one of the two was killed or a connection broke, sends the whole of it again; this tells it from new events.
 *
 * Equal are frames of the same source, the same id and the same line, so that an id that stands for two things loses
 * nothing. Two halves, of which the older is forgotten when the newer is full, bound the memory.
 */
export class Resent {
  readonly #half: number;
  #newer = new Map<string, State>();
  #older = new Map<string, State>();

  /** @param size how many frames are remembered, at least half of them at any time */
  constructor(size = 200_000, before: Iterable<KeptFrame> = []) {
    this.#half = Math.ceil(size / 2);
    for (const { source, id, line } of before) this.#set(keyOf(source, id, line), true);
  }

  /** Whether the same frame was taken before, of a sender that gets no answer and so may send it again. */
  knows(source: string, id: string, raw: string): boolean {
    return this.#get(keyOf(source, id, raw)) !== undefined;
  }

  /** Remembers a frame that the intake took, and so keeps or counts. */
  remember(source: string, id: string, raw: string): void {
    this.#set(keyOf(source, id, raw), true);
  }

  /** Takes frames in as `Intake.submit` does, but none that is durable or on its way already. */
  submit(
    intake: Intake,
    account: SourceAccount,
    frames: readonly (ReadFrame | IdentifiedFrame)[],
  ): Promise<readonly SubmitOutcome[]> | undefined {
    const keys = frames.map((frame) =>
      'id' in frame ? keyOf(account.source, frame.id, frame.line) : undefined,
    );
    const before = keys.map((key) => (key === undefined ? undefined : this.#get(key)));
    const fresh = before.every((state) => state === undefined)
      ? frames
      : frames.filter((_, at) => before[at] === undefined);
    const submitted = intake.submit(account, fresh);
    if (submitted === undefined) return undefined;
    const keyed = keys.some((key) => key !== undefined);
    return keyed ? this.#settle(intake, account, { keys, before, submitted }) : submitted;
  }

  async #settle(
    intake: Intake,
    account: SourceAccount,
    taken: {
      readonly keys: readonly (string | undefined)[];
      readonly before: readonly (State | undefined)[];
      readonly submitted: Promise<readonly FrameOutcome[]>;
    },
  ): Promise<readonly SubmitOutcome[]> {
    const { keys, before, submitted } = taken;
    let place = 0;
    const places = before.map((state) => (state === undefined ? place++ : -1));
    keys.forEach((key, at) => {
      if (key !== undefined && before[at] === undefined) {
        this.#set(
          key,
          submitted.then((outcomes) => outcomes[places[at]!] === 'kept'),
        );
      }
    });
    const outcomes = await submitted;
    const all: SubmitOutcome[] = [];
    let again = 0;
    for (let at = 0; at < keys.length; at++) {
      const state = before[at];
      if (state === undefined) {
        const outcome = outcomes[places[at]!]!;
        const key = keys[at];
        if (key !== undefined) this.#become(key, outcome === 'kept');
        all.push(outcome);
      } else if (await state) {
        again++;
        all.push('sent-before');
      } else all.push('store-failed');
    }
    if (again > 0) account.refuse('sent-before', 0, intake.clock.now(), again);
    return all;
  }

  #get(key: string): State | undefined {
    return this.#newer.get(key) ?? this.#older.get(key);
  }

  #set(key: string, state: State): void {
    if (this.#newer.size >= this.#half) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    this.#newer.set(key, state);
  }

  #become(key: string, kept: boolean): void {
    for (const half of [this.#newer, this.#older]) {
      if (!half.has(key)) continue;
      if (kept) half.set(key, true);
      else half.delete(key);
    }
  }
}

/** A frame with the id that its sender gave it, which the event keeps as `event.id` unless it has one. */
export function identified(frame: ReadFrame, id: string): IdentifiedFrame {
  const { fields } = frame.normalised;
  if (id !== '' && fields instanceof FieldList) fields.offer('event.id', id);
  return { ...frame, id, line: lineOf(fields, id, frame.raw) };
}

/** Fields of an event, stored or not yet. */
interface ReadFields {
  get(name: string): unknown;
}

/**
 * What two sendings of one event have in common: all of it, but with an id and the place of a line in a file that place
 * and the line. A shipper that was killed reads the line again, at another time and under another `agent.ephemeral_id`.
 */
export function lineOf(fields: ReadFields, id: string, raw: string): string {
  const offset = fields.get('log.offset');
  if (id === '' || offset === undefined) return raw;
  return `${fields.get('log.file.path')}\n${offset}\n${fields.get('message')}`;
}

/**
 * Whether a document without an id is one of a kind: Beats name themselves anew at each start (`agent.ephemeral_id`), and
 * say where they read it.
 */
export function isOneOfAKind(fields: ReadFields): boolean {
  if (fields.get('agent.ephemeral_id') === undefined) return false;
  return fields.get('log.offset') !== undefined || fields.get('winlog.record_id') !== undefined;
}

function keyOf(source: string, id: string, raw: string): string {
  return hash('sha256', `${source}\n${id}\n${raw}`, 'base64url').slice(0, 22);
}
