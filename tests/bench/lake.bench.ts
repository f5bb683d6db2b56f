import { execFile } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openLake } from '@kydai/store';
import { generator, ingest, needle, readTemplates, type Template } from './lake/events.ts';
import { queries, short, timed } from './lake/queries.ts';
import type { Figure } from './run.ts';

/**
 * The lake under the real logs of the corpora, varied. `KYDAI_BENCH_EVENTS` sets how many (1,000,000); the figures
 * carry the real number in their names. Cold means that the disk's cache was dropped before, where the system lets us.
 */
const events = Number(process.env['KYDAI_BENCH_EVENTS'] ?? 1_000_000);

export async function run(emit: (figure: Figure) => void): Promise<void> {
  const templates = await readTemplates();
  const folder = await mkdtemp(join(tmpdir(), 'kydai-bench-lake-'));
  try {
    const size = short(events);
    const plain = await plainFile(folder, templates);
    const began = performance.now();
    const cpu = process.cpuUsage();
    const lake = await openLake({ folder: join(folder, 'lake'), clock: { now: () => Date.now() } });
    await ingest(lake, templates, events);
    const acknowledged = events / ((performance.now() - began) / 1_000);
    await lake.flush();
    const rate = events / ((performance.now() - began) / 1_000);
    const used = process.cpuUsage(cpu);
    emit({ name: 'lake.events', value: events, unit: 'events' });
    emit({ name: 'lake.ingest.acknowledged', value: acknowledged, unit: 'events/s' });
    emit({
      name: 'lake.ingest.rate',
      value: rate,
      unit: 'events/s',
      baseline: plain.rate,
      baselineName: 'raw lines to one file, fdatasync each 4 MB',
      ratio: rate / plain.rate,
    });
    // Of all threads, making the events included: what a busy machine does not distort.
    emit({ name: 'lake.ingest.cpu', value: (used.user + used.system) / events, unit: 'us/event' });
    const stats = await lake.stats();
    if (stats.events !== events) throw new Error(`the lake holds ${stats.events} of ${events} events`);
    emit({
      name: 'lake.bytes-per-event',
      value: stats.bytes / events,
      unit: 'bytes',
      baseline: plain.bytes / events,
      baselineName: 'raw line',
      ratio: stats.bytes / plain.bytes,
    });
    await lake.close();
    await queries(join(folder, 'lake'), size, emit, plain.grep);
    emit({ name: 'lake.memory', value: process.resourceUsage().maxRSS / 1024, unit: 'MB' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface PlainFile {
  readonly rate: number;
  readonly bytes: number;
  readonly grep: number;
}

/** The limit: the raw lines alone, to one file, synced as often as the lake syncs; and `grep` over it. */
async function plainFile(folder: string, templates: readonly Template[]): Promise<PlainFile> {
  const path = join(folder, 'plain.log');
  const handle = await open(path, 'w');
  const make = generator(templates, events);
  let bytes = 0;
  let spent = 0;
  for (let done = 0; done < events; ) {
    const lines: string[] = [];
    for (let size = 0; size < 4_000_000 && done < events; done++) {
      const { raw } = make(done);
      size += raw.length;
      lines.push(raw);
    }
    const chunk = Buffer.from(`${lines.join('\n')}\n`);
    bytes += chunk.length;
    spent += await timed(async () => {
      await handle.write(chunk);
      await handle.datasync();
    });
  }
  await handle.close();
  const grep = await timed(() =>
    promisify(execFile)('grep', ['-cF', needle, path], { env: { LC_ALL: 'C' } }),
  );
  await rm(path);
  return { rate: events / (spent / 1_000), bytes, grep };
}
