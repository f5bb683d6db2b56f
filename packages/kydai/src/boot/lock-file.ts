import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { z } from 'zod';
import type { ShellError } from '../error.ts';

const Holder = z.object({ pid: z.number().int().positive(), started: z.string() });

/**
 * Takes a lock that is a file: it names this process, and one that is gone holds it no longer. Who takes it removes it.
 *
 * @throws what `held` makes of the number of the process that holds it
 */
export function takeLock(file: string, held: (pid: number) => ShellError): void {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = openSync(file, 'wx', 0o600);
      writeSync(handle, JSON.stringify({ pid: process.pid, started: startOf(process.pid) }));
      closeSync(handle);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = Holder.safeParse(readJson(file)).data;
      if (holder !== undefined && holder.pid !== process.pid && isRunning(holder)) throw held(holder.pid);
      rmSync(file, { force: true });
    }
  }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** A process of this number that began at another time (after a reboot, say) is not the one that took the lock. */
function isRunning({ pid, started }: z.infer<typeof Holder>): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return startOf(pid) === started;
}

/**
 * When a process began, as the kernel tells it: boot and clock ticks since. Empty where it tells nothing, and of one that
 * has ended and only waits for its parent to notice.
 */
export function startOf(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? '' : `${boot} ${fields[19]}`;
  } catch {
    return '';
  }
}
