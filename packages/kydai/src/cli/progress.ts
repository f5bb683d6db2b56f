import type { Output } from './output.ts';

/** One line that is written over while work goes on; nothing where nobody watches. */
export interface Progress {
  /** `share` from 0 to 1. */
  show(share: number, words: string): void;
  /** Takes the line away, before anything else is printed. */
  clear(): void;
}

const width = 24;

/** Progress on standard error, so that what is printed can go into a file. */
export function createProgress({ terminal }: Output): Progress {
  const seen = terminal && process.stderr.isTTY === true;
  let shown = false;
  let last = 0;
  return {
    show(share, words) {
      const now = Date.now();
      if (!seen || (now - last < 80 && share < 1)) return;
      last = now;
      shown = true;
      const full = Math.round(Math.min(1, Math.max(0, share)) * width);
      const bar = '█'.repeat(full) + '░'.repeat(width - full);
      process.stderr.write(`\r\u001b[2K${bar} ${String(Math.floor(share * 100)).padStart(3)}%  ${words}`);
    },
    clear() {
      if (shown) process.stderr.write('\r\u001b[2K');
      shown = false;
    },
  };
}
