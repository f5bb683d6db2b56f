import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Event, type EventFilter, toEventDocument } from '@kydai/contracts';
import { writeEventsParquet } from '@kydai/store';
import type { EventKeeper } from './keeper.ts';

export const exportFormats = ['ndjson', 'csv', 'parquet'] as const;
export type ExportFormat = (typeof exportFormats)[number];
/** Events of one export at most. */
export const maxExport = 5_000_000;

export interface Exported {
  readonly body: ReadableStream<Uint8Array>;
  readonly type: string;
  /** Events that it holds: what progress is measured by. */
  readonly total: number;
}

/** Writes everything that matches, oldest first, as a stream that never holds more than one batch in memory. */
export async function exportEvents(
  keeper: EventKeeper,
  asked: {
    readonly from: number;
    readonly to: number;
    readonly filter: EventFilter | undefined;
    readonly limit: number;
    readonly format: ExportFormat;
    readonly columns: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<Exported> {
  const { from, to, filter, format, columns, signal } = asked;
  const query = { from, to, signal, ...(filter !== undefined && { filter }) };
  const matching = (await keeper.store.aggregate(query))[0]?.count ?? 0;
  const total = Math.min(matching, asked.limit);
  const batches = atMost(keeper.read({ ...query, order: 'oldest' }), total);
  if (format === 'parquet') {
    const folder = mkdtempSync(join(tmpdir(), 'kydai-export-'));
    const remove = () => rmSync(folder, { recursive: true, force: true });
    try {
      await writeEventsParquet(join(folder, 'events.parquet'), batches);
    } catch (error) {
      remove();
      throw error;
    }
    const file = createReadStream(join(folder, 'events.parquet')).once('close', remove);
    return {
      body: Readable.toWeb(file) as ReadableStream<Uint8Array>,
      type: 'application/vnd.apache.parquet',
      total,
    };
  }
  const text = format === 'csv' ? csv(batches, columns) : jsonLines(batches);
  const type = format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/x-ndjson';
  return {
    body: Readable.toWeb(Readable.from(text, { objectMode: false })) as ReadableStream<Uint8Array>,
    type,
    total,
  };
}

async function* atMost(
  batches: AsyncIterable<readonly Event[]>,
  limit: number,
): AsyncGenerator<readonly Event[]> {
  let left = limit;
  if (left === 0) return;
  for await (const batch of batches) {
    yield batch.slice(0, left);
    left -= batch.length;
    if (left <= 0) return;
  }
}

async function* jsonLines(batches: AsyncIterable<readonly Event[]>): AsyncGenerator<Buffer> {
  for await (const batch of batches)
    yield Buffer.from(batch.map((event) => `${JSON.stringify(toEventDocument(event))}\n`).join(''));
}

/** RFC 4180. A cell that a spreadsheet would run as a formula gets an apostrophe before it. */
export function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = Array.isArray(value) ? value.join(', ') : String(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

async function* csv(
  batches: AsyncIterable<readonly Event[]>,
  columns: readonly string[],
): AsyncGenerator<Buffer> {
  const own = ['time', 'id', 'source', 'dataset'];
  const names = columns.filter((name) => !own.includes(name) && name !== 'raw');
  yield Buffer.from(`${[...own, ...names, 'raw'].map(cell).join(',')}\r\n`);
  for await (const batch of batches) {
    const rows = batch.map((event) => {
      const { time, id, source, dataset, fields, raw } = toEventDocument(event);
      return `${[time, id, source, dataset, ...names.map((name) => fields[name]), raw].map(cell).join(',')}\r\n`;
    });
    yield Buffer.from(rows.join(''));
  }
}
