import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Containment,
  type Decision,
  type Detection,
  type RecordStore,
  type Signals,
  uuidv7,
} from '@kydai/contracts';
import { createExecutor, createTriage, loadPlaybooks } from '@kydai/csirt';
import { openRecords } from '@kydai/store';

const folder = join(import.meta.dirname, '../../runbooks');
const { playbooks } = loadPlaybooks(
  readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') })),
);
const clock = { now: () => Date.now() };
const signals: Signals = { publish: () => {}, subscribe: () => () => {} };
const permitted: Decision = {
  allowed: true,
  outcome: 'permitted',
  determining: [],
  failures: [],
  policySet: '000000000000',
};

type Emit = (figure: { name: string; value: number; unit: string }) => void;

/**
 * Triage and execution on the embedded record store, each commit durable. Decisions and containment answer at once, so
 * that the figures are csirt's own; `loop` measures the whole.
 */
export async function run(emit: Emit): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kydai-bench-csirt-'));
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const auditKey = {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }) as string,
  };
  const { records } = await openRecords({ file: join(folder, 'records.db'), clock, auditKey });
  try {
    await executor(records, emit);
    emit({ name: 'csirt.triage.rate', value: await triageRate(records), unit: 'detections/s' });
  } finally {
    await records.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function detectionOf(device: string, now: number): Detection {
  return {
    id: uuidv7(now),
    rule: { id: 'stolen', title: 'One key from two sites' },
    level: 'high',
    time: now,
    firstEventTime: now - 1000,
    detected: now,
    eventIds: ['event'],
    eventCount: 2,
    entities: [{ type: 'device', id: device }],
    techniques: [],
    tags: ['kydai.stolen-certificate'],
    drill: false,
  };
}

/** 10,000 detections about 300 devices, 512 at a time: most join an incident, 300 open one. */
async function triageRate(records: RecordStore): Promise<number> {
  const triage = createTriage({ records, clock, signals, playbooks });
  const total = 10_000;
  const started = performance.now();
  for (let at = 0; at < total; at += 512) {
    const size = Math.min(512, total - at);
    const now = Date.now();
    await Promise.all(
      Array.from({ length: size }, (_, index) =>
        triage.ingest(detectionOf(`storm-${(at + index) % 300}`, now)),
      ),
    );
  }
  return total / ((performance.now() - started) / 1000);
}

/** 200 runs one after the other, and 200 at once; each has 8 steps, two of them containments side by side. */
async function executor(records: RecordStore, emit: Emit): Promise<void> {
  const asked = new Map<string, number>();
  const triage = createTriage({ records, clock, signals, playbooks });
  const engine = createExecutor({
    records,
    clock,
    signals,
    playbooks,
    unattendedPerHour: Number.POSITIVE_INFINITY,
    decide: () => permitted,
    contain: async (containment: Containment) => {
      const run = containment.id.split('/')[0]!;
      if (!asked.has(run)) asked.set(run, performance.now());
      return { containmentId: containment.id, effective: true, at: Date.now(), evidence: ['checked'] };
    },
  });
  const runs = 200;
  const latencies: number[] = [];
  const begin = async (device: string): Promise<string> => {
    const detection = detectionOf(device, Date.now());
    const { incident, start } = await triage.ingest(detection);
    return (await engine.start(start!, incident!, detection)).id;
  };
  for (let index = 0; index < runs; index += 1) {
    const before = performance.now();
    const id = await begin(`one-${index}`);
    await engine.settled();
    latencies.push(asked.get(id)! - before);
  }
  const started = performance.now();
  await Promise.all(Array.from({ length: runs }, (_, index) => begin(`many-${index}`)));
  await engine.settled();
  const seconds = (performance.now() - started) / 1000;
  latencies.sort((a, b) => a - b);
  emit({ name: 'csirt.steps.rate', value: (runs * 8) / seconds, unit: 'steps/s' });
  emit({ name: 'csirt.first-step.p50', value: latencies[Math.floor(runs * 0.5)]!, unit: 'ms' });
  emit({ name: 'csirt.first-step.p99', value: latencies[Math.floor(runs * 0.99)]!, unit: 'ms' });
}
