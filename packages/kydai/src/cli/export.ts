import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { extname } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { ShellError } from '../error.ts';
import type { OperatorClient } from './operator-client.ts';
import type { Output } from './output.ts';
import { span } from './span.ts';

const formats: Readonly<Record<string, string>> = {
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.csv': 'csv',
  '.parquet': 'parquet',
};

/** Writes all events that match to a file, which is there as a whole or not at all. Says how far it is on a terminal. */
export async function exportFound(
  query: string,
  options: { readonly file: string; readonly since?: string; readonly limit: string | undefined },
  output: Output,
  operator: OperatorClient,
): Promise<void> {
  const { file, since, limit } = options;
  const format = formats[extname(file).toLowerCase()];
  if (format === undefined)
    throw new ShellError('usage', `\`${file}\` must end in .ndjson, .csv or .parquet`);
  const parameters = new URLSearchParams({ q: query, format });
  parameters.set('from', new Date(since === undefined ? 0 : Date.now() - span(since)).toISOString());
  if (limit !== undefined) parameters.set('limit', limit);
  const stop = new AbortController();
  const response = await operator.open(`/api/v1/events/export?${parameters}`, stop.signal);
  const total = Number(response.headers.get('x-kydai-events'));
  let lines = 0;
  let bytes = 0;
  let shown = 0;
  const progress = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (format !== 'parquet') for (const byte of chunk) if (byte === 10) lines++;
      if (output.terminal && Date.now() - shown > 200) {
        shown = Date.now();
        const share =
          format === 'parquet'
            ? `${(bytes / 1e6).toFixed(1)} MB`
            : `${Math.floor((100 * lines) / Math.max(total, 1))} %`;
        output.write(`\r${share} of ${total.toLocaleString('en')} events`);
      }
      done(null, chunk);
    },
  });
  const half = `${file}.part`;
  try {
    await pipeline(
      Readable.fromWeb(response.body as ReadableStream),
      progress,
      createWriteStream(half, { mode: 0o600 }),
    );
    renameSync(half, file);
  } catch (error) {
    rmSync(half, { force: true });
    throw new ShellError('api', `the export broke off after ${bytes} bytes; nothing was kept`, {
      cause: error,
    });
  }
  output.write(`${output.terminal ? '\r' : ''}Wrote ${total.toLocaleString('en')} events to ${file}\n`);
}
