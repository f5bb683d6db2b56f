import { fork } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { connectOperator, runDrill, scenarios } from '@kydai/kydai';
import { startProgram } from '../program.ts';
import type { Figure } from './run.ts';

const runs = Number(process.env['KYDAI_BENCH_RUNS'] ?? 60);
const rate = Number(process.env['KYDAI_BENCH_RATE'] ?? 2200);

/**
 * The whole loop as outsiders see it, under a background load: from the moment at which the deciding log line is sent
 * until AuthZEN denies and OCSP says revoked. Everything goes over the program's own interfaces.
 */
export async function run(emit: (figure: Figure) => void): Promise<void> {
  delete process.env['KYDAI_BENCH_RUNS'];
  delete process.env['KYDAI_BENCH_RATE'];
  // Two containments a run: the breaker would rightly ask a person after sixty in an hour.
  const program = await startProgram({ environment: { KYDAI_RESPONSE_UNATTENDED_PER_HOUR: '10000' } });
  const [host = '', port = ''] = program.addresses.syslogTcp.split(':');
  const load = fork(join(import.meta.dirname, 'background.ts'), [host, port, String(rate)]);
  let told = { sent: 0, seconds: 1 };
  load.on('message', (message) => {
    told = message as typeof told;
  });
  try {
    const client = connectOperator(join(program.folder, 'data'));
    const scenario = scenarios.find(({ name }) => name === 'stolen-certificate')!;
    const times: number[] = [];
    const detections: number[] = [];
    for (let index = 0; index < runs; index++) {
      const { hops, proven, deviceId } = await runDrill(client, scenario);
      if (!proven) throw new Error(`run ${index}: ${deviceId} was not contained`);
      const at = (name: string) => hops.find((hop) => hop.name === name)!.after;
      times.push(Math.max(at('outside: AuthZEN'), at('outside: OCSP')));
      detections.push(at('detection'));
    }
    const baseline = durableWrite(join(program.folder, 'fsync'));
    const baselineName = 'one durable write (fdatasync) on the same disk';
    for (const [name, values, share] of [
      ['loop.contain.p50', times, 0.5],
      ['loop.contain.p99', times, 0.99],
      ['loop.detect.p50', detections, 0.5],
      ['loop.detect.p99', detections, 0.99],
    ] as const) {
      const value = quantile(values, share);
      emit({ name, value, unit: 'ms', baseline, baselineName, ratio: value / baseline });
    }
    emit({ name: 'loop.background.rate', value: told.sent / told.seconds, unit: 'events/s' });
    emit({ name: 'loop.runs', value: runs, unit: 'runs' });
  } finally {
    load.kill();
    await program.stop();
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

/** Milliseconds for a small write to become durable, median of 50. */
function durableWrite(file: string): number {
  const handle = openSync(file, 'w');
  const times = Array.from({ length: 50 }, () => {
    const start = performance.now();
    writeSync(handle, 'x'.repeat(512));
    fdatasyncSync(handle);
    return performance.now() - start;
  });
  closeSync(handle);
  return quantile(times, 0.5);
}
