import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLake } from '@kydai/store';
import { ingest, readTemplates } from './lake/events.ts';
import { queries, short } from './lake/queries.ts';
import { repeatDays } from './lake/repeat.ts';
import type { Figure } from './run.ts';

/**
 * The lake at the size of a city: `KYDAI_BENCH_EVENTS` (10,000,000: about a day) are appended and asked about, then the
 * day is repeated until there are `KYDAI_BENCH_DAYS` (10) of them, and the same is asked about all. The repeated days
 * are written by the lake's own writer of Parquet, not appended one by one. Takes about ten minutes and 3 GB of disk.
 */
const events = Number(process.env['KYDAI_BENCH_EVENTS'] ?? 10_000_000);
const days = Number(process.env['KYDAI_BENCH_DAYS'] ?? 10);
const clock = { now: () => Date.now() };

export async function run(emit: (figure: Figure) => void): Promise<void> {
  const templates = await readTemplates();
  const parent = await mkdtemp(join(tmpdir(), 'kydai-bench-lake-'));
  const folder = join(parent, 'lake');
  try {
    await load(folder, events, emit, templates);
    emit({ name: `lake.memory.${short(events)}`, value: process.resourceUsage().maxRSS / 1024, unit: 'MB' });
    await queries(folder, short(events), emit);
    if (days > 1) {
      const began = performance.now();
      await repeatDays(folder, days);
      const lake = await openLake({ folder, clock });
      const stats = await lake.stats();
      await lake.close();
      const size = short(Math.round(stats.events / 1e6) * 1e6);
      emit({ name: `lake.repeated.${size}`, value: (performance.now() - began) / 1_000, unit: 's' });
      emit({ name: `lake.bytes-per-event.${size}`, value: stats.bytes / stats.events, unit: 'bytes' });
      await queries(folder, size, emit);
    }
    emit({ name: 'lake.memory', value: process.resourceUsage().maxRSS / 1024, unit: 'MB' });
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}

async function load(
  folder: string,
  count: number,
  emit: (figure: Figure) => void,
  templates: Awaited<ReturnType<typeof readTemplates>>,
): Promise<void> {
  const size = short(count);
  const lake = await openLake({ folder, clock });
  const began = performance.now();
  const cpu = process.cpuUsage();
  await ingest(lake, templates, count);
  await lake.flush();
  const used = process.cpuUsage(cpu);
  emit({
    name: `lake.ingest.rate.${size}`,
    value: count / ((performance.now() - began) / 1_000),
    unit: 'events/s',
  });
  emit({ name: `lake.ingest.cpu.${size}`, value: (used.user + used.system) / count, unit: 'us/event' });
  const compacted = performance.now();
  await lake.compact();
  emit({ name: `lake.compact.${size}`, value: (performance.now() - compacted) / 1_000, unit: 's' });
  const stats = await lake.stats();
  if (stats.events !== count) throw new Error(`the lake holds ${stats.events} of ${count} events`);
  emit({ name: `lake.bytes-per-event.${size}`, value: stats.bytes / count, unit: 'bytes' });
  await lake.close();
}
