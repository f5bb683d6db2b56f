import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Event } from '@kydai/contracts';
import { createDetector, createIntake, createSyslogCollector, type Detector, loadRules } from '@kydai/siem';
import { openLake } from '@kydai/store';
import { MissingCorpus, openCorpus } from '../conformance/corpus.ts';
import { readRuleFiles } from '../conformance/sigma.ts';
import type { Figure } from './run.ts';

const root = join(import.meta.dirname, '../..');

/**
 * Syslog over TCP to parsed, durable and detected: the whole way with the lake and all rules (our own and, where the
 * corpora are there, SigmaHQ's), and the way in alone, where the store is one file that each group is appended to and
 * fsynced. The sender is another thread; the baseline is the same sender to a socket that only counts bytes, in the
 * same run. `cpu` is the processor time of the receiving thread for each event, which a busy machine does not change
 * as much as the rate.
 */
export async function run(emit: (figure: Figure) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kydai-ingest-'));
  try {
    const limit = await socketLimit();
    const baseline = { baseline: limit, baselineName: 'loopback socket, lines only counted as bytes' };
    const rules = loadRules(await ruleFiles()).rules;
    const detector = createDetector({ rules, clock: { now: () => Date.now() } });
    emit({ name: 'ingest.rules', value: rules.rules.length + rules.correlations.length, unit: 'rules' });

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

/** Sends lines of sshd, nginx, cameras and daemons; with `rate` 0 as fast as the socket takes them. */
const sender = `
const { connect } = require('node:net');
const { workerData, parentPort } = require('node:worker_threads');
const { port, seconds, rate } = workerData;
const bodies = [];
for (let n = 0; n < 20000; n++) {
  const ip = '203.0.' + (n * 7 % 113) + '.' + (n * 13 % 251);
  const kind = n % 4;
  bodies.push(
    kind === 0 ? '<38>Nov 21 20:26:00 vm-' + n % 50 + ' sshd[' + (1000 + n) + ']: Failed password for invalid user u' + n + ' from ' + ip + ' port ' + (1024 + n) + ' ssh2'
    : kind === 1 ? '<190>Nov 21 20:26:00 web-' + n % 9 + ' nginx: ' + ip + ' - - [21/Nov/2026:20:26:00 +0700] "GET /api/v1/item/' + n + '?page=' + n % 30 + ' HTTP/1.1" ' + (n % 11 ? 200 : 404) + ' ' + n * 3 + ' "-" "Mozilla/5.0 (X11; Linux x86_64) Gecko/2010"'
    : kind === 2 ? '<134>Nov 21 20:26:00 cam-' + n % 900 + ' camera: action=stream_open user=op' + n % 40 + ' src=' + ip + ' sport=' + (1024 + n) + ' outcome=ok'
    : '<30>Nov 21 20:26:00 vm-' + n % 50 + ' dhclient[' + n + ']: bound to ' + ip + ' -- renewal in ' + n + ' seconds.');
}
const socket = connect(port, '127.0.0.1', () => {
  const end = performance.now() + seconds * 1000;
  let at = 0;
  let sent = 0;
  const started = performance.now();
  const chunk = (count) => {
    const lines = [];
    const stamp = ' t=' + (performance.timeOrigin + performance.now()).toFixed(2);
    for (let i = 0; i < count; i++) lines.push(bodies[at++ % bodies.length] + stamp + '\\n');
    sent += count;
    return lines.join('');
  };
  const finish = () => socket.end(() => parentPort.postMessage(sent));
  if (rate === 0) {
    const text = Buffer.from(chunk(2000));
    sent = 0;
    const more = () => {
      for (;;) {
        if (performance.now() > end) return finish();
        sent += 2000;
        if (!socket.write(text)) return void socket.once('drain', more);
      }
    };
    more();
  } else {
    const tick = () => {
      if (performance.now() > end) return finish();
      const due = Math.floor((performance.now() - started) * rate / 1000) - sent;
      if (due > 0) socket.write(chunk(due));
      setTimeout(tick, 2);
    };
    tick();
  }
});
`;

interface Load {
  readonly seconds: number;
  /** Lines a second; 0 for as many as possible. */
  readonly rate: number;
}

function send(port: number, load: Load): Promise<number> {
  const worker = new Worker(sender, { eval: true, workerData: { port, ...load } });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
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
  const sent = await send(tcp!.port, load);
  while (events < sent && performance.now() - started < (load.seconds + 30) * 1000) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const used = process.threadCpuUsage(before);
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
    rate: events / ((last - first) / 1000),
    p50: latencies[Math.floor(latencies.length * 0.5)] ?? 0,
    p99: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
  };
}

function line(event: Event): string {
  return `${event.id} ${event.time} ${event.source} ${event.dataset} ${event.raw}\n`;
}
