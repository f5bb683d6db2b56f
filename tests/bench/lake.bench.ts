import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { createGunzip } from 'node:zlib';
import { type Event, type EventAggregation, type EventQuery, uuidv7 } from '@kydai/contracts';
import { type Lake, openLake, parseQuery } from '@kydai/store';
import { MissingCorpus } from '../conformance/corpus.ts';
import type { Figure } from './run.ts';

/**
 * The lake under the real logs of the corpora, with their addresses, process ids, ports and times varied so that they
 * compress like a year of logs and not like the same 10,000 lines. `KYDAI_BENCH_EVENTS` sets how many (1,000,000); the
 * figures carry the real number in their names.
 */
const events = Number(process.env['KYDAI_BENCH_EVENTS'] ?? 1_000_000);
const folderOfLogs =
  process.env['KYDAI_BENCH_LOGS'] ?? join(import.meta.dirname, '../../../shared/corpora/logs');
const batch = 500;
const writers = 8;
const needle = 'zq7x-needle-4711';
const start = Date.UTC(2026, 0, 5);

interface Template {
  readonly dataset: string;
  readonly process: string | undefined;
  /** The line without its own timestamp, cut at what is varied. */
  readonly parts: readonly (string | { readonly vary: 'address' | 'pid' | 'port' })[];
  readonly user: string | undefined;
}

export async function run(emit: (figure: Figure) => void): Promise<void> {
  const templates = await readTemplates();
  const folder = await mkdtemp(join(tmpdir(), 'kydai-bench-lake-'));
  try {
    const size = short(events);
    const plain = await plainFile(folder, templates);
    const began = performance.now();
    const cpu = process.cpuUsage();
    const lake = await openLake({ folder: join(folder, 'lake'), clock: { now: () => Date.now() } });
    await ingest(lake, templates);
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
    await queries(join(folder, 'lake'), size, plain, emit);
    emit({ name: 'lake.memory', value: process.resourceUsage().maxRSS / 1024, unit: 'MB' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function queries(
  folder: string,
  size: string,
  plain: PlainFile,
  emit: (figure: Figure) => void,
): Promise<void> {
  const lake = await openLake({ folder, clock: { now: () => Date.now() } });
  const search = async (name: string, query: EventQuery, baseline?: number) => {
    const cold = await timed(() => lake.search(query));
    const warm = await median(() => lake.search(query));
    emit({ name: `lake.${name}.${size}.cold`, value: cold, unit: 'ms' });
    emit({
      name: `lake.${name}.${size}`,
      value: warm,
      unit: 'ms',
      ...(baseline !== undefined && {
        baseline,
        baselineName: 'grep -F over the raw lines',
        ratio: warm / baseline,
      }),
    });
  };
  const aggregate = async (name: string, query: EventAggregation) => {
    emit({ name: `lake.${name}.${size}`, value: await median(() => lake.aggregate(query)), unit: 'ms' });
  };
  const asked = (text: string) => {
    const filter = parseQuery(text);
    return filter === undefined ? {} : { filter };
  };
  const found = await lake.search(asked(`"${needle}"`));
  if (found.events.length !== 1) throw new Error(`the needle was found ${found.events.length} times`);
  await search('needle', asked(`"${needle}"`), plain.grep);
  await search('needle-address', asked('source.ip:203.0.113.77'));
  await search('newest', {});
  await search('failed-root', asked('process.name:sshd and user.name:root and source.ip:10.0.0.0/9'));
  const span = { from: 0, to: start * 2 };
  await aggregate('aggregate', { ...span, by: 'source.ip', top: 10 });
  await aggregate('histogram', { ...span, interval: 3_600_000 });
  await aggregate('aggregate-text', { ...span, ...asked('"authentication failure"'), by: 'process.name' });
  await lake.close();
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
  const make = generator(templates);
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

async function ingest(lake: Lake, templates: readonly Template[]): Promise<void> {
  const make = generator(templates);
  let next = 0;
  const writer = async () => {
    while (next < events) {
      const some: Event[] = [];
      for (; some.length < batch && next < events; next++) some.push(make(next));
      await lake.append(some);
    }
  };
  await Promise.all(Array.from({ length: writers }, writer));
}

/** Makes the nth event; the same sequence each time but for its ids. */
function generator(templates: readonly Template[]): (n: number) => Event {
  let seed = 42;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  // A few addresses are seen often and most seldom, as in real logs.
  const address = () => {
    const n = random(10) < 7 ? random(50) : random(20_000);
    return `10.${n % 200}.${(n * 7) % 256}.${(n * 13) % 254}`;
  };
  const hosts = Array.from({ length: 40 }, (_, n) => `ioc-node-${n}`);
  let time = start;
  let pid = 1_000;
  return (n) => {
    // About 120 events a second.
    time += random(17);
    if (random(8) === 0) pid = (pid + 1 + random(3)) % 65_536;
    const template = templates[n % templates.length]!;
    const fields = new Map<string, string | number>();
    const host = hosts[Math.floor(n / 50) % hosts.length]!;
    fields.set('host.name', host);
    if (template.process !== undefined) fields.set('process.name', template.process);
    if (template.user !== undefined) fields.set('user.name', template.user);
    let raw = `${new Date(time).toISOString()} ${host} `;
    for (const part of template.parts) {
      if (typeof part === 'string') {
        raw += part;
      } else if (part.vary === 'address') {
        const ip = n === Math.floor(events / 3) ? '203.0.113.77' : address();
        fields.set('source.ip', ip);
        raw += ip;
      } else if (part.vary === 'port') {
        const port = 1_024 + random(60_000);
        fields.set('source.port', port);
        raw += `port ${port}`;
      } else {
        fields.set('process.pid', pid);
        raw += `[${pid}]`;
      }
    }
    if (n === Math.floor(events / 2)) raw += ` ${needle}`;
    const received = time + 20 + random(30);
    return {
      id: uuidv7(received),
      time,
      received,
      source: `syslog-udp/${host}`,
      dataset: template.dataset,
      fields,
      raw,
    };
  };
}

async function readTemplates(): Promise<readonly Template[]> {
  let names: string[];
  try {
    names = (await readdir(folderOfLogs)).filter((name) => name.endsWith('.log.gz')).sort();
  } catch {
    throw new MissingCorpus(`the logs of the corpora are not at \`${folderOfLogs}\`; set KYDAI_BENCH_LOGS`);
  }
  const templates: Template[][] = [];
  for (const name of names) {
    const lines = createInterface({ input: createReadStream(join(folderOfLogs, name)).pipe(createGunzip()) });
    const some: Template[] = [];
    for await (const line of lines) some.push(template(name.split('_')[0]!.toLowerCase(), line));
    templates.push(some);
  }
  // Runs of 20 lines of each log in turn, as several sources that are collected together.
  const mixed: Template[] = [];
  for (let at = 0; at < 2_000; at += 20) for (const some of templates) mixed.push(...some.slice(at, at + 20));
  return mixed;
}

function template(log: string, line: string): Template {
  const body = line
    .replace(/^\[[^\]]*\]\s*/, '')
    .replace(/^[A-Z][a-z]{2} +\d+ [\d:]{8} \S+ /, '')
    .replace(/^\d{4}-\d\d-\d\d [\d:]{8}, /, '');
  const parts = body.split(/(\b\d{1,3}(?:\.\d{1,3}){3}\b|\[\d+\]|\bport \d+)/).map((part, at) => {
    if (at % 2 === 0) return part;
    return { vary: part.startsWith('[') ? 'pid' : part.startsWith('port') ? 'port' : 'address' } as const;
  });
  return {
    dataset: log === 'openssh' ? 'sshd.auth' : `${log}.log`,
    process: /^([\w.-]+)(?:\(\w+\))?(?:\[| -)/.exec(body)?.[1],
    user: /(?:user|for)[ =](\w+)/.exec(body)?.[1],
    parts,
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** The median of five. */
async function median(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < 5; turn++) times.push(await timed(work));
  return times.sort((a, b) => a - b)[2]!;
}

function short(n: number): string {
  return n % 1_000_000 === 0 ? `${n / 1_000_000}m` : n % 1_000 === 0 ? `${n / 1_000}k` : String(n);
}
