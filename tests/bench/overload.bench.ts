import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import {
  createDetector,
  createIntake,
  createJsonLinesHandler,
  createSyslogCollector,
  type Intake,
  loadRules,
} from '@kydai/siem';
import { openLake } from '@kydai/store';
import { readRuleFiles } from '../conformance/sigma.ts';
import { lineOf, send } from './ingest/sender.ts';
import type { Figure } from './run.ts';

/** Lines of sshd are of a security facility (4 in 38): every fourth. */
const securityFacility = 'auth';
const seconds = 60;
const clock = { now: () => Date.now() };
/**
 * Events a second that the store takes in the flood. It could take more, but one machine cannot also send three times
 * that.
 */
const heldTo = 40_000;

/**
 * A minute of three times what the way in can take, with our own rules and the lake: datagrams, which nothing holds
 * back, and requests, which want an answer. Says how much is kept of the lines of security programs and of the others,
 * with the others as the baseline. Fails unless every frame is accounted for (received = kept + refused +
 * dropped, datagrams counted by the kernel among them, to the last one) and every acknowledged event is in the lake.
 */
export async function run(emit: (figure: Figure) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kydai-overload-'));
  const lake = await openLake({ folder, clock });
  const { rules } = loadRules(readRuleFiles(join(import.meta.dirname, '../../policies/detection')));
  const detector = createDetector({ rules, clock });
  const held = { rate: Number.POSITIVE_INFINITY };
  const intake = createIntake({
    clock,
    store: {
      async append(events) {
        const least = delay((events.length / held.rate) * 1000);
        await lake.append(events);
        await least;
      },
    },
    onEvents: (events) => void detector.processBatch(events),
    onFault(fault) {
      throw fault;
    },
  });
  const collector = createSyslogCollector({ host: '127.0.0.1', udpPort: 0, tcpPort: 0, intake });
  const { udp, tcp } = await collector.listen();
  try {
    const capacity = await measureCapacity(intake, tcp!.port);
    emit({ name: 'overload.capacity', value: capacity, unit: 'events/s' });
    const end = performance.now() + seconds * 1000;
    held.rate = heldTo;
    const [sent, acknowledged] = await Promise.all([
      sendDatagrams(udp!.port, heldTo * 3),
      sendRequests(intake, end),
    ]);
    await collector.countKernelDrops();
    await collector.close();
    await intake.close();

    const ledgers = intake.ledgers();
    const sum = (column: 'received' | 'kept' | 'refused' | 'dropped' | 'pending', of: string) =>
      ledgers.filter(({ source }) => source.startsWith(of)).reduce((total, one) => total + one[column], 0);
    const open = sum('received', '') - sum('kept', '') - sum('refused', '') - sum('dropped', '');
    if (open !== 0 || sum('pending', '') !== 0) throw new Error(`${open} frames are not accounted for`);
    const unseen = sent - sum('received', 'syslog-udp/');
    if (unseen !== 0) throw new Error(`${unseen} datagrams of ${sent} are not accounted for`);
    const stored = async (source: string, facility?: string) => {
      const filters = [
        { op: 'equals', field: 'source', value: source } as const,
        ...(facility === undefined
          ? []
          : [{ op: 'equals', field: 'log.syslog.facility.name', value: facility } as const]),
      ];
      const page = await lake.aggregate({
        from: 0,
        to: Number.MAX_SAFE_INTEGER,
        filter: { op: 'and', filters },
      });
      return page.reduce((total, { count }) => total + count, 0);
    };
    const missing = acknowledged - (await stored('http/10.0.0.1'));
    if (missing !== 0) throw new Error(`${missing} of ${acknowledged} acknowledged events are missing`);
    const kept = await stored('syslog-udp/127.0.0.1');
    if (kept !== sum('kept', 'syslog-udp/'))
      throw new Error('the lake holds other datagrams than were counted');
    const security = await stored('syslog-udp/127.0.0.1', securityFacility);

    emit({ name: 'overload.offered', value: sent / seconds, unit: 'datagrams/s' });
    emit({ name: 'overload.kept', value: kept / seconds, unit: 'datagrams/s' });
    const share = security / (sent / 4);
    const other = (kept - security) / ((sent * 3) / 4);
    emit({
      name: 'overload.kept.security',
      value: share,
      unit: 'share',
      baseline: other,
      baselineName: 'share kept of the other lines',
      ratio: share / other,
    });
    emit({ name: 'overload.kernel-drops', value: sum('dropped', 'syslog-udp/kernel'), unit: 'datagrams' });
    emit({ name: 'overload.acknowledged', value: acknowledged / seconds, unit: 'events/s' });
    emit({ name: 'overload.missing', value: 0, unit: 'events' });
  } finally {
    await lake.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the way in takes of a sender that waits for it. */
async function measureCapacity(intake: Intake, port: number): Promise<number> {
  const began = performance.now();
  const sent = await send(port, { seconds: 5, rate: 0 });
  while (intake.totals.events < sent) await delay(5);
  return (sent / (performance.now() - began)) * 1000;
}

/** Sends from a thread of its own, as many a second as told, and resolves to how many there were. */
function sendDatagrams(port: number, rate: number): Promise<number> {
  const program = `
const { createSocket } = require('node:dgram');
const { workerData: { port, seconds, rate }, parentPort } = require('node:worker_threads');
${lineOf}
const bodies = Array.from({ length: 20000 }, (_, n) => Buffer.from(lineOf(n)));
const socket = createSocket({ type: 'udp4', sendBufferSize: 1 << 20 });
socket.connect(port, '127.0.0.1', () => {
  const began = performance.now();
  let sent = 0;
  let open = 0;
  let done = false;
  const told = () => {
    if (--open === 0 && done) parentPort.postMessage(sent);
  };
  const tick = () => {
    const elapsed = (performance.now() - began) / 1000;
    if (elapsed > seconds) {
      done = true;
      open++;
      return told();
    }
    const due = Math.min(Math.floor(elapsed * rate), sent + 4000);
    for (; sent < due; sent++, open++) socket.send(bodies[sent % bodies.length], told);
    setImmediate(tick);
  };
  tick();
});`;
  const worker = new Worker(program, { eval: true, workerData: { port, seconds, rate } });
  return new Promise((resolve, reject) => {
    worker.once('message', (sent: number) => {
      void worker.terminate();
      resolve(sent);
    });
    worker.once('error', reject);
  });
}

/** Requests of a hundred documents, one after the other; resolves to how many documents were acknowledged. */
async function sendRequests(intake: Intake, end: number): Promise<number> {
  const handler = createJsonLinesHandler({ intake, limits: { retryAfter: 0 } });
  let acknowledged = 0;
  for (let n = 0; performance.now() < end; n++) {
    const lines = Array.from({ length: 100 }, (_, at) => JSON.stringify({ name: `request ${n}.${at}` }));
    const request = new Request('http://localhost/', { method: 'POST', body: lines.join('\n') });
    const answer = await handler(request, { address: '10.0.0.1' });
    if (answer.status === 200) acknowledged += ((await answer.json()) as { kept: number }).kept;
    else if (answer.status !== 429) throw new Error(`a request was answered with ${answer.status}`);
    await delay(10);
  }
  return acknowledged;
}
