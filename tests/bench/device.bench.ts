import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startProgram } from '../program.ts';
import type { Figure } from './run.ts';

const run_ = promisify(execFile);
const kydai = join(import.meta.dirname, '../../packages/kydai/src/kydai.js');
/** Tells the largest resident memory of the process at its end, in KiB. */
const tellMemory =
  'data:text/javascript,process.on("exit",()=>process.stderr.write("peak "+process.resourceUsage().maxRSS))';

/**
 * What a device spends on `kydai device`, after its first call (which compiles): how long a command takes to start, whole
 * exchanges with a server on this machine, and the most memory that each had. The baselines are a node that does nothing.
 */
export async function run(emit: (figure: Figure) => void): Promise<void> {
  const program = await startProgram();
  const { folder, addresses } = program;
  try {
    const root = await fetch(`${addresses.status}/pki/ca/root.pem`);
    writeFileSync(join(folder, 'root.pem'), await root.text());
    const server = ['--server', addresses.devices, '--ca', 'root.pem', '--folder', 'bench-1'];
    const token = (await program.cli('pki', 'token', 'bench-1', '--quiet')).stdout.trim();
    const device = (...args: string[]) => timed(folder, [kydai, 'device', ...args]);
    await device('--help');
    const nothing = await best(() => timed(folder, ['--eval', '0']));
    const start = await best(() => device('--help'));
    emit(against('device.start', start.ms, 'ms', nothing.ms));
    const enrol = await device('enrol', 'bench-1', ...server, '--token', token);
    emit(against('device.enrol', enrol.ms, 'ms', nothing.ms));
    emit(against('device.enrol.memory', enrol.mb, 'MB', nothing.mb));
    const renew = await best(() => device('renew', ...server));
    emit(against('device.renew.memory', renew.mb, 'MB', nothing.mb));
    const recipient = ['--recipient', 'bench-1/identity.pem'];
    await device('send', '{"value":1}', ...server, ...recipient);
    const send = await best(() => device('send', '{"value":21.4}', ...server, ...recipient));
    emit(against('device.send', send.ms, 'ms', nothing.ms));
    emit(against('device.send.memory', send.mb, 'MB', nothing.mb));
    emit(
      against(
        'device.watch.memory',
        await watching(folder, ['renew', '--watch', ...server]),
        'MB',
        nothing.mb,
      ),
    );
  } finally {
    await program.stop();
  }
}

function against(name: string, value: number, unit: string, baseline: number): Figure {
  return { name, value, unit, baseline, baselineName: 'node that does nothing', ratio: value / baseline };
}

async function timed(folder: string, args: readonly string[]): Promise<{ ms: number; mb: number }> {
  const started = performance.now();
  const { stderr } = await run_(process.execPath, ['--import', tellMemory, ...args], { cwd: folder });
  const ms = performance.now() - started;
  return { ms, mb: Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024 };
}

/** Of seven. */
async function best(act: () => Promise<{ ms: number; mb: number }>): Promise<{ ms: number; mb: number }> {
  let least = { ms: Number.POSITIVE_INFINITY, mb: Number.POSITIVE_INFINITY };
  for (let round = 0; round < 7; round++) {
    const { ms, mb } = await act();
    least = { ms: Math.min(least.ms, ms), mb: Math.min(least.mb, mb) };
  }
  return least;
}

/** Resident memory of a device that has asked for its window and waits, MB. Of Linux alone. */
async function watching(folder: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [kydai, 'device', ...args], { cwd: folder, stdio: 'ignore' });
  await delay(3000);
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  child.kill();
  await once(child, 'exit');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}
