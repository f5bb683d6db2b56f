import type { Clock, EventStore, RecordStore } from '@kydai/contracts';
import type { Logger } from 'pino';

const hour = 3600_000;

/** Deletes events that are past their retention, once an hour, each deletion proven in the audit log. */
export function keepRetention(parts: {
  readonly events: EventStore;
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly days: number;
}): { stop(): void } {
  const { events, records, clock, log, days } = parts;
  const sweep = async () => {
    const before = clock.now() - days * 24 * hour;
    const deleted = await events.retain(undefined, before);
    if (deleted === 0) return;
    const detail = { deleted, before: new Date(before).toISOString(), days };
    await records.commit(
      [],
      [{ at: clock.now(), actor: 'system', action: 'events.retain', target: 'dataset:*', detail }],
    );
  };
  const timer = setInterval(() => {
    sweep().catch((error: unknown) =>
      log.error({ err: error }, 'deleting events past their retention failed'),
    );
  }, hour);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
