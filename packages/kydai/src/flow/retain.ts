import type { Clock, EventStore, RecordStore } from '@kydai/contracts';
import type { Logger } from 'pino';

const hour = 3600_000;
const day = 24 * hour;

/**
 * Deletes events that are past their retention, once an hour, each deletion proven in the audit log. `datasets` says for
 * how many days a dataset is kept that is not kept as long as the others.
 */
export function keepRetention(parts: {
  readonly events: Pick<EventStore, 'aggregate' | 'retain'>;
  readonly records: Pick<RecordStore, 'commit'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly days: number;
  readonly datasets: Readonly<Record<string, number>>;
}): { sweep(): Promise<void>; stop(): void } {
  const { events, records, clock, log, days, datasets } = parts;
  const own = Object.keys(datasets);
  const drop = async (dataset: string | undefined, kept: number) => {
    const before = clock.now() - kept * day;
    const deleted = await events.retain(dataset, before);
    if (deleted === 0) return;
    const detail = { deleted, before: new Date(before).toISOString(), days: kept };
    const target = `dataset:${dataset ?? '*'}`;
    await records.commit([], [{ at: clock.now(), actor: 'system', action: 'events.retain', target, detail }]);
  };
  const sweep = async () => {
    if (own.length === 0) return drop(undefined, days);
    const to = clock.now() - Math.min(days, ...Object.values(datasets)) * day;
    const old = await events.aggregate({ from: -8.64e15, to, by: 'dataset', top: 10_000 });
    const names = new Set([...own, ...old.map(({ value = '' }) => value)]);
    for (const name of names) await drop(name, datasets[name] ?? days);
  };
  const timer = setInterval(() => {
    sweep().catch((error: unknown) =>
      log.error({ err: error }, 'deleting events past their retention failed'),
    );
  }, hour);
  timer.unref();
  return { sweep, stop: () => clearInterval(timer) };
}
