import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { killRounds } from './kill.ts';

it('loses and doubles nothing when it is killed under load', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kydai-kill-'));
  try {
    const report = await killRounds(folder, 4, Math.random);
    expect(report).toMatchObject({ lost: 0, doubled: 0 });
    expect(report.acknowledged).toBeGreaterThan(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
