import {
  closeSync,
  existsSync,
  fdatasyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createReplayGuard, type ReplayGuard, type ReplayWindow } from '@kydai/device';

export interface KeptGuard extends ReplayGuard {
  close(): void;
}

/**
 * A replay guard that remembers in a file, one JSON line for each seal that is still in the window, so that a seal that was
 * opened is refused also after a restart. For one process at a time.
 *
 * INVARIANT: a seal is on disk before `admit` returns, so that what was given out once is never given out again.
 */
export function keptGuard(file: string, window: ReplayWindow, now: number): KeptGuard {
  const guard = createReplayGuard(0, window);
  const kept: string[] = [];
  for (const line of existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []) {
    // The last line may be cut off by a loss of power: then its seal was not given out.
    const [time, id] = entryOf(line) ?? [];
    if (time === undefined || id === undefined) continue;
    try {
      guard.admit(id, time, now);
      kept.push(`${line}\n`);
    } catch {
      // Left the window, or stands twice.
    }
  }
  writeFileSync(`${file}.new`, kept.join(''), { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
  const handle = openSync(file, 'a', 0o600);
  return {
    admit(id, time, at) {
      guard.admit(id, time, at);
      writeSync(handle, `${JSON.stringify([time, id])}\n`);
      fdatasyncSync(handle);
    },
    close: () => closeSync(handle),
  };
}

function entryOf(line: string): [number, string] | undefined {
  try {
    const [time, id] = JSON.parse(line) as unknown[];
    return typeof time === 'number' && typeof id === 'string' ? [time, id] : undefined;
  } catch {
    return undefined;
  }
}
