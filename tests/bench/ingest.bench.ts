import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Event } from '@kydai/contracts';
import { createIntake, createSyslogCollector } from '@kydai/siem';
import type { Figure } from './run.ts';

/**
 * Syslog over TCP to parsed and durable. The sender is another thread; the baseline is the same sender to a socket
 * that only counts bytes, in the same run. The store here is one file that each group is appended to and fsynced: the
 * price of the way in, without the lake and without rules.
 */
export async function run(emit: (figure: Figure) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kydai-ingest-'));
  try {
    const limit = await socketLimit();
    const full = await ingest(folder, { seconds: 6, rate: 0 });
    const paced = await ingest(folder, { seconds: 5, rate: 20_000 });
    emit({
      name: 'ingest.syslog-tcp.rate',
      value: full.rate,
      unit: 'events/s',
      baseline: limit,
      baselineName: 'loopback socket, lines only counted as bytes',
      ratio: full.rate / limit,
    });
    emit({ name: 'ingest.syslog-tcp.p99', value: paced.p99, unit: 'ms' });
    emit({ name: 'ingest.syslog-tcp.p50', value: paced.p50, unit: 'ms' });
    emit({ name: 'ingest.bytes-per-event', value: full.bytes / full.events, unit: 'B' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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

async function ingest(folder: string, load: Load) {
  const file = await open(join(folder, `events-${load.rate}.log`), 'w');
  const latencies: number[] = [];
  let bytes = 0;
  let events = 0;
  let first = 0;
  let last = 0;
  const intake = createIntake({
    clock: { now: () => Date.now() },
    store: {
      async append(batch) {
        const buffer = Buffer.from(batch.map(line).join(''));
        await file.write(buffer);
        await file.datasync();
        bytes += buffer.length;
      },
    },
    onEvents(batch) {
      last = performance.now();
      if (first === 0) first = last;
      events += batch.length;
      if (load.rate === 0) return;
      const now = performance.timeOrigin + last;
      for (const event of batch)
        latencies.push(now - Number(event.raw.slice(event.raw.lastIndexOf('=') + 1)));
    },
  });
  const collector = createSyslogCollector({ host: '127.0.0.1', tcpPort: 0, intake });
  const { tcp } = await collector.listen();
  const started = performance.now();
  const sent = await send(tcp!.port, load);
  while (events < sent && performance.now() - started < (load.seconds + 20) * 1000) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await collector.close();
  await intake.close();
  await file.close();
  const ledger = intake.ledgers()[0]!;
  if (ledger.kept !== sent) throw new Error(`sent ${sent} lines, kept ${ledger.kept}`);
  latencies.sort((a, b) => a - b);
  return {
    events,
    bytes,
    rate: events / ((last - first) / 1000),
    p50: latencies[Math.floor(latencies.length * 0.5)] ?? 0,
    p99: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
  };
}

function line(event: Event): string {
  return `${event.id} ${event.time} ${event.source} ${event.dataset} ${event.raw}\n`;
}
