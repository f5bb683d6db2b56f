import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Event } from '@kydai/contracts';
import { createDetector, createIntake, createSyslogCollector, type Detector, loadRules } from '@kydai/siem';
import { openLake } from '@kydai/store';
import { MissingCorpus, openCorpus } from '../conformance/corpus.ts';
import { readRuleFiles } from '../conformance/sigma.ts';
import { type Load, send } from './ingest/sender.ts';
import { measureStages } from './ingest/stages.ts';
import type { Figure } from './run.ts';

const root = join(import.meta.dirname, '../..');

/**
 * Syslog over TCP to parsed, durable and detected: the whole way with the lake and all rules (our own and, where the
 * corpora are there, SigmaHQ's), and the way in alone, where the store is one file that each group is appended to and
 * fsynced. The sender is another thread; the baseline is the same sender to a socket that only counts bytes, in the
 * same run. `cpu` is the processor time of the receiving thread for each event, which a busy machine does not change
 * as much as the rate; `cpu-all` is that of all threads, the sender's among them.
 */
export async function run(emit: (figure: Figure) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kydai-ingest-'));
  try {
    const limit = await socketLimit();
    const baseline = { baseline: limit, baselineName: 'loopback socket, lines only counted as bytes' };
    const rules = loadRules(await ruleFiles()).rules;
    const detector = createDetector({ rules, clock: { now: () => Date.now() } });
    emit({ name: 'ingest.rules', value: rules.rules.length + rules.correlations.length, unit: 'rules' });

    await measureStages(detector, join(folder, 'stages'), emit);

    const wayIn = await ingest(await fileStore(folder), { seconds: 5, rate: 0 });
    emit({
      name: 'ingest.way-in.rate',
      value: wayIn.rate,
      unit: 'events/s',
      ...baseline,
      ratio: wayIn.rate / limit,
    });
    emit({ name: 'ingest.way-in.cpu', value: wayIn.cpu, unit: 'us/event' });

    const whole = await ingest(await lakeStore(join(folder, 'full')), { seconds: 8, rate: 0 }, detector);
    emit({
      name: 'ingest.syslog-tcp.rate',
      value: whole.rate,
      unit: 'events/s',
      ...baseline,
      ratio: whole.rate / limit,
    });
    emit({ name: 'ingest.syslog-tcp.cpu', value: whole.cpu, unit: 'us/event' });
    emit({ name: 'ingest.syslog-tcp.cpu-all', value: whole.cpuAll, unit: 'us/event' });

    const paced = await ingest(await lakeStore(join(folder, 'paced')), { seconds: 5, rate: 5000 }, detector);
    emit({ name: 'ingest.syslog-tcp.p50', value: paced.p50, unit: 'ms' });
    emit({ name: 'ingest.syslog-tcp.p99', value: paced.p99, unit: 'ms' });
    // Of the paced run, whose lines differ: those of the runs at full speed repeat and compress too well.
    emit({ name: 'ingest.bytes-per-event', value: paced.bytes / paced.events, unit: 'B' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ruleFiles() {
  const own = readRuleFiles(join(root, 'policies/detection'));
  try {
    return [...own, ...readRuleFiles(await openCorpus(join(root, '../shared/corpora/sigma-rules.tar.gz')))];
  } catch (error) {
    if (error instanceof MissingCorpus) return own;
    throw error;
  }
}

/** A store, and what it takes on disk once everything is in its final form. */
interface Bench {
  append(events: readonly Event[]): Promise<void>;
  close(): Promise<{ bytes: number }>;
}

async function fileStore(folder: string): Promise<Bench> {
  const file = await open(join(folder, 'events.log'), 'w');
  let bytes = 0;
  return {
    async append(batch) {
      const buffer = Buffer.from(batch.map(line).join(''));
      await file.write(buffer);
      await file.datasync();
      bytes += buffer.length;
    },
    async close() {
      await file.close();
      return { bytes };
    },
  };
}

async function lakeStore(folder: string): Promise<Bench> {
  const lake = await openLake({ folder, clock: { now: () => Date.now() } });
  return {
    append: (events) => lake.append(events),
    async close() {
      await lake.flush();
      const { bytes } = await lake.stats();
      await lake.close();
      return { bytes };
    },
  };
}

async function socketLimit(): Promise<number> {
  let bytes = 0;
  const { promise: ended, resolve } = Promise.withResolvers<number>();
  const server = createServer((socket) => {
    socket.on('data', (chunk) => {
      bytes += chunk.length;
    });
    socket.on('end', () => resolve(performance.now()));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const started = performance.now();
  const sent = await send(address.port, { seconds: 2, rate: 0 });
  const seconds = ((await ended) - started) / 1000;
  server.close();
  return bytes > 0 ? sent / seconds : 0;
}

async function ingest(store: Bench, load: Load, detector?: Detector) {
  const latencies: number[] = [];
  let events = 0;
  let first = 0;
  let last = 0;
  const intake = createIntake({
    clock: { now: () => Date.now() },
    store,
    onEvents(batch) {
      detector?.processBatch(batch);
      last = performance.now();
      if (first === 0) first = last;
      events += batch.length;
      if (load.rate === 0) return;
      const now = performance.timeOrigin + last;
      for (const event of batch)
        latencies.push(now - Number(event.raw.slice(event.raw.lastIndexOf('=') + 1)));
    },
    onFault(fault) {
      throw fault;
    },
  });
  const collector = createSyslogCollector({ host: '127.0.0.1', tcpPort: 0, intake });
  const { tcp } = await collector.listen();
  const started = performance.now();
  const before = process.threadCpuUsage();
  const beforeAll = process.cpuUsage();
  const sent = await send(tcp!.port, load);
  while (events < sent && performance.now() - started < (load.seconds + 30) * 1000) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const used = process.threadCpuUsage(before);
  const usedAll = process.cpuUsage(beforeAll);
  await collector.close();
  await intake.close();
  const { bytes } = await store.close();
  const ledger = intake.ledgers()[0]!;
  if (ledger.kept !== sent) throw new Error(`sent ${sent} lines, kept ${ledger.kept}`);
  latencies.sort((a, b) => a - b);
  return {
    events,
    bytes,
    cpu: (used.user + used.system) / events,
    cpuAll: (usedAll.user + usedAll.system) / events,
    rate: events / ((last - first) / 1000),
    p50: latencies[Math.floor(latencies.length * 0.5)] ?? 0,
    p99: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
  };
}

function line(event: Event): string {
  return `${event.id} ${event.time} ${event.source} ${event.dataset} ${event.raw}\n`;
}
