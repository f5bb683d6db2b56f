import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ShellError } from '../error.ts';
import type { EventKeeper } from './keeper.ts';

/** How far the move of history is. */
export const MigrationView = z.object({
  state: z.enum(['idle', 'running', 'done', 'failed']),
  copied: z.number().int(),
  total: z.number().int(),
  /** Days on which Elasticsearch has fewer events than the lake. */
  missing: z.array(z.object({ day: z.string(), lake: z.number().int(), elasticsearch: z.number().int() })),
  error: z.string().optional(),
});
export type MigrationView = z.infer<typeof MigrationView>;

const Progress = z.object({ time: z.number().optional(), copied: z.number().int() });
const day = 86_400_000;

export interface Migration {
  view(): MigrationView;
  /** Begins, or goes on where it stopped; resolves at once. */
  start(): void;
  /** Stops after the batch that is on its way. */
  stop(): Promise<void>;
}

/**
 * Moves what the lake of this data folder holds to Elasticsearch, oldest first. Where it is, is kept after each batch;
 * after a kill it begins again at the time of the last batch, and ids that are there already are not written twice. At
 * the end the counts of each day are compared.
 */
export function createMigration(parts: { readonly keeper: EventKeeper; readonly folder: string }): Migration {
  const { keeper, folder } = parts;
  const file = join(folder, 'migration.json');
  let view: MigrationView = { state: 'idle', copied: 0, total: 0, missing: [] };
  let running: Promise<void> | undefined;
  let stopping = false;

  const run = async () => {
    const lake = await keeper.history();
    try {
      const before = Progress.parse(
        existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { copied: 0 },
      );
      const { events: total } = await lake.stats();
      view = { ...view, total, copied: before.copied };
      let cursor: string | undefined;
      let { copied } = before;
      // What has the time of the last batch is sent again: it may have come in part.
      const from = before.time === undefined ? {} : { from: before.time };
      if (before.time !== undefined)
        copied = (await lake.aggregate({ from: -8.64e15, to: before.time }))[0]?.count ?? 0;
      do {
        const page = await lake.search({
          order: 'oldest',
          limit: 2_000,
          ...from,
          ...(cursor !== undefined && { cursor }),
        });
        if (page.events.length > 0) {
          await keeper.import(page.events);
          copied += page.events.length;
          view = { ...view, copied };
          writeFileSync(`${file}.next`, JSON.stringify({ time: page.events.at(-1)!.time, copied }));
          renameSync(`${file}.next`, file);
        }
        cursor = page.next;
      } while (cursor !== undefined && !stopping);
      if (stopping) return;
      const span = { from: -8.64e15, to: 8.64e15, interval: day };
      const there = new Map((await keeper.store.aggregate(span)).map(({ time, count }) => [time, count]));
      const missing = (await lake.aggregate(span)).flatMap(({ time = 0, count }) => {
        const found = there.get(time) ?? 0;
        return found >= count
          ? []
          : [{ day: new Date(time).toISOString().slice(0, 10), lake: count, elasticsearch: found }];
      });
      view = { ...view, state: missing.length === 0 ? 'done' : 'failed', missing };
    } finally {
      await lake.close();
    }
  };

  return {
    view: () => view,
    start() {
      if (keeper.kind === 'lake')
        throw new ShellError(
          'usage',
          'history moves from the lake to Elasticsearch: set `events.store` first',
        );
      if (running !== undefined) return;
      view = { ...view, state: 'running', missing: [] };
      running = run()
        .catch((error: Error) => {
          view = { ...view, state: 'failed', error: error.message };
        })
        .finally(() => {
          running = undefined;
        });
    },
    async stop() {
      stopping = true;
      await running;
    },
  };
}
