import {
  type AuditLog,
  type Clock,
  type EventFilter,
  type EventStore,
  type RecordStore,
  recordKind,
  SourceLedger,
  uuidv7,
  write,
} from '@kydai/contracts';
import {
  createLedgerStatements,
  createSourceWatch,
  type Intake,
  keepSourceAlerts,
  type SourceAlert,
  SourceRhythm,
  type SourceWatch,
} from '@kydai/siem';
import type { Logger } from 'pino';
import { z } from 'zod';

/** The accounts of the sources as they were kept last. */
export const sourceLedgers = recordKind<SourceLedger>({
  name: 'source_ledgers',
  schema: SourceLedger,
  key: (ledger) => ledger.source,
  indexes: { transport: (ledger) => ledger.transport, lastSeen: (ledger) => ledger.lastSeen },
});

/** Up to which event the kept accounts count, so that what a kill left uncounted can be counted at the next start. */
const LedgerMark = z.strictObject({ name: z.string(), event: z.string() }).readonly();
type LedgerMark = z.infer<typeof LedgerMark>;
export const ledgerMarks = recordKind<LedgerMark>({
  name: 'ledger_marks',
  schema: LedgerMark,
  key: (mark) => mark.name,
  indexes: {},
});

/** The accounts as they were last stated in the audit log, and when. */
const StatedLedger = z.strictObject({ at: z.number(), ledger: SourceLedger }).readonly();
const statedLedgers = recordKind<z.infer<typeof StatedLedger>>({
  name: 'stated_ledgers',
  schema: StatedLedger,
  key: ({ ledger }) => ledger.source,
  indexes: {},
});

/** What is usual of each source. */
const sourceRhythms = recordKind<SourceRhythm>({
  name: 'source_rhythms',
  schema: SourceRhythm,
  key: (rhythm) => rhythm.source,
  indexes: {},
});

const mostSources = 10_000;

/**
 * The accounts of before this start. Events that became durable after the accounts were last kept (the program was
 * killed) are counted from the store, under the reason `counted-after-kill`.
 */
export async function carryLedgers(
  records: RecordStore,
  events: EventStore,
  now: number,
): Promise<readonly SourceLedger[]> {
  const mark = await records.get(ledgerMarks, 'through');
  // Ids go on from there though the clock was set back: else new events would lie before the mark.
  if (mark) uuidv7(Number.parseInt(mark.value.event.replace('-', '').slice(0, 12), 16));
  const { records: kept } = await records.find(sourceLedgers, { limit: mostSources });
  const ledgers = new Map(kept.map(({ value }) => [value.source, value]));
  const later: EventFilter = { op: 'range', field: 'id', gt: mark?.value.event ?? '' };
  const uncounted = await bySource(events, later);
  const read = await readBySource(events, later, uncounted);
  for (const [source, count] of uncounted) {
    const ledger = ledgers.get(source) ?? opened(source, now);
    const more = { events: count, ...(read.get(source) ?? { parsed: 0, bytes: 0 }) };
    if (ledger !== undefined) ledgers.set(source, recount(ledger, more));
  }
  return [...ledgers.values()];
}

async function bySource(events: EventStore, filter: EventFilter): Promise<ReadonlyMap<string, number>> {
  const to = Number.MAX_SAFE_INTEGER;
  const buckets = await events.aggregate({ from: 0, to, filter, by: 'source', top: mostSources });
  return new Map(buckets.map(({ value = '', count }) => [value, count]));
}

/** More events than this are counted without being read: how many were parsed, and their bytes, stay uncounted. */
const mostRead = 200_000;

interface Read {
  readonly parsed: number;
  /** Bytes of the lines as UTF-8. */
  readonly bytes: number;
}

/** Asks for events in order of their ids and nothing else, which is answered while Elasticsearch is away, too. */
async function readBySource(
  events: EventStore,
  filter: EventFilter,
  counts: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, Read>> {
  const sums = new Map<string, Read>();
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (all === 0 || all > mostRead) return sums;
  let cursor: string | undefined;
  do {
    const page = await events.search({
      filter,
      order: 'oldest',
      limit: 10_000,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { source, dataset, raw } of page.events) {
      const { parsed, bytes } = sums.get(source) ?? { parsed: 0, bytes: 0 };
      sums.set(source, {
        parsed: parsed + (dataset === 'raw' ? 0 : 1),
        bytes: bytes + Buffer.byteLength(raw),
      });
    }
    cursor = page.next;
  } while (cursor !== undefined);
  return sums;
}

/** An empty account for a source that was first heard after the accounts were last kept. */
function opened(source: string, now: number): SourceLedger | undefined {
  const counts = { received: 0, parsed: 0, kept: 0, refused: 0, dropped: 0, pending: 0, bytes: 0 };
  const transport = source.slice(0, source.indexOf('/'));
  const ledger = { source, transport, ...counts, reasons: {}, firstSeen: now, lastSeen: now };
  return SourceLedger.safeParse(ledger).data;
}

/** INVARIANT: received = kept + refused + dropped + pending stays true. */
function recount(
  ledger: SourceLedger,
  { events, parsed, bytes }: { readonly events: number; readonly parsed: number; readonly bytes: number },
): SourceLedger {
  const waited = Math.min(events, ledger.pending);
  return {
    ...ledger,
    received: ledger.received + events - waited,
    kept: ledger.kept + events,
    parsed: ledger.parsed + parsed,
    // What was pending was counted in bytes when it came.
    bytes: ledger.bytes + (waited === 0 ? bytes : Math.round((bytes * (events - waited)) / events)),
    pending: ledger.pending - waited,
    reasons: {
      ...ledger.reasons,
      'counted-after-kill': (ledger.reasons['counted-after-kill'] ?? 0) + events,
    },
  };
}

export interface LedgerKeeping {
  readonly watch: SourceWatch;
  /** What happens by itself once a minute. Rejects where it failed; the next time goes on with it. */
  tick(): Promise<void>;
  /** Keeps the accounts for the last time, with a signed statement. Call it when the intake is closed. */
  close(): Promise<void>;
}

/** What is known of the sources besides their accounts: what was stated of them, and what is usual. */
export async function carryWatch(records: RecordStore) {
  const page = { limit: mostSources };
  const stated = await records.find(statedLedgers, page);
  const rhythms = await records.find(sourceRhythms, page);
  return {
    stated: stated.records.map(({ value }) => value),
    rhythms: rhythms.records.map(({ value }) => value),
  };
}

const minute = 60_000;
const statementEvery = 60 * minute;
const rhythmsEvery = 10 * minute;

/**
 * Once a minute: keeps the accounts, and tells of sources that fell silent or changed their rate. Once an hour and at
 * the stop: a statement of every account that moved goes into the audit log, under a signed checkpoint.
 */
export function keepLedgers(parts: {
  readonly intake: Intake;
  readonly records: RecordStore;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly log: Logger;
  /** What this start knows of the time before it. */
  readonly carried: Awaited<ReturnType<typeof carryWatch>>;
  /** The id of the last event that became durable; undefined before the first. */
  readonly through: () => string | undefined;
}): LedgerKeeping {
  const { intake, records, audit, clock, log, carried, through } = parts;
  const ledgers = () => intake.ledgers();
  const statements = createLedgerStatements({ ledgers, clock, before: carried.stated });
  const watch = createSourceWatch({ ledgers, clock, before: carried.rhythms });
  const saved = new Map<string, string>();
  /** Alerts that the store did not take yet. */
  let untold: readonly SourceAlert[] = [];
  let stated = clock.now();
  let learnt = clock.now();

  const save = async () => {
    const event = through();
    const moved = ledgers().filter((ledger) => saved.get(ledger.source) !== JSON.stringify(ledger));
    if (moved.length === 0) return;
    await records.commit([
      ...moved.map((ledger) => write.put(sourceLedgers, ledger)),
      ...(event === undefined ? [] : [write.put(ledgerMarks, { name: 'through', event })]),
    ]);
    for (const ledger of moved) saved.set(ledger.source, JSON.stringify(ledger));
  };
  const state = async () => {
    const next = statements.next();
    await records.commit(
      next.stated.map((one) => write.put(statedLedgers, one)),
      next.entries,
    );
    await audit.checkpoint();
    stated = clock.now();
  };
  const keepRhythms = async () => {
    await records.commit(watch.rhythms().map((rhythm) => write.put(sourceRhythms, rhythm)));
    learnt = clock.now();
  };
  /** Also when the clock was set back, or nothing would be due for as long. */
  const isDue = (last: number, every: number) => Math.abs(clock.now() - last) >= every;
  const tick = async () => {
    await save();
    untold = [...untold, ...watch.check()].slice(-10_000);
    if (await keepSourceAlerts(intake, untold)) untold = [];
    if (isDue(learnt, rhythmsEvery)) await keepRhythms();
    if (isDue(stated, statementEvery)) await state();
  };
  let running = Promise.resolve();
  const timer = setInterval(() => {
    running = running
      .then(tick)
      .catch((error: unknown) => log.error({ err: error }, 'keeping the accounts of the sources failed'));
  }, minute);
  timer.unref();
  return {
    watch,
    tick,
    async close() {
      clearInterval(timer);
      await running;
      await save();
      await keepRhythms();
      await state();
    },
  };
}
