import { readdirSync, readFileSync } from 'node:fs';
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
import { MemoryRecords } from '../../packages/csirt/src/testing/memory-records.ts';

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

/**
 * Triage and execution by themselves: records in memory, decisions and containment that answer at once, so that the
 * figures are csirt's own. `loop` measures the whole with the real store.
 */
export async function run(
  emit: (figure: { name: string; value: number; unit: string }) => void,
): Promise<void> {
  emit({ name: 'csirt.triage.rate', value: await triageRate(new MemoryRecords()), unit: 'detections/s' });
  await executor(emit);
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

/** 20,000 detections about 500 devices, 512 at a time: most join an incident, 500 open one. */
async function triageRate(records: RecordStore): Promise<number> {
  const triage = createTriage({ records, clock, signals, playbooks });
  const total = 20_000;
  const started = performance.now();
  for (let at = 0; at < total; at += 512) {
    const size = Math.min(512, total - at);
    const now = Date.now();
    await Promise.all(
      Array.from({ length: size }, (_, index) =>
        triage.ingest(detectionOf(`cam-${(at + index) % 500}`, now)),
      ),
    );
  }
  return total / ((performance.now() - started) / 1000);
}

async function executor(
  emit: (figure: { name: string; value: number; unit: string }) => void,
): Promise<void> {
  const records = new MemoryRecords();
  const asked = new Map<string, number>();
  const triage = createTriage({ records, clock, signals, playbooks });
  const engine = createExecutor({
    records,
    clock,
    signals,
    playbooks,
    decide: () => permitted,
    contain: async (containment: Containment) => {
      const run = containment.id.split('/')[0]!;
      if (!asked.has(run)) asked.set(run, performance.now());
      return { containmentId: containment.id, effective: true, at: Date.now(), evidence: ['checked'] };
    },
  });
  const latencies: number[] = [];
  let steps = 0;
  const started = performance.now();
  for (let index = 0; index < 300; index += 1) {
    const detection = detectionOf(`cam-${index}`, Date.now());
    const before = performance.now();
    const { incident, start } = await triage.ingest(detection);
    const run = await engine.start(start!, incident!, detection);
    await engine.settled();
    latencies.push(asked.get(run.id)! - before);
    steps += 8;
  }
  const seconds = (performance.now() - started) / 1000;
  latencies.sort((a, b) => a - b);
  emit({ name: 'csirt.steps.rate', value: steps / seconds, unit: 'steps/s' });
  emit({ name: 'csirt.first-step.p99', value: latencies[Math.floor(latencies.length * 0.99)]!, unit: 'ms' });
}
