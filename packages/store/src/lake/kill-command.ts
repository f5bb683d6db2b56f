import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killRounds } from './kill.ts';

/**
 * `npm run kill -w packages/store -- 200`: kills as many loaded processes, half of them over an
 * encrypted lake, and prints a JSON line for each half; exits 1 on any loss.
 */
const rounds = Number(process.argv[2] ?? 200);
const folder = mkdtempSync(join(tmpdir(), 'kydai-kill-'));
for (const [name, key] of [
  ['plain', undefined],
  ['encrypted', randomBytes(32)],
] as const) {
  const half = Math.ceil(rounds / 2);
  const report = await killRounds(join(folder, name), half, Math.random, key);
  console.log(JSON.stringify({ name: `lake.kills.${name}`, value: half, unit: 'kills', ...report }));
  if (report.lost + report.doubled > 0) process.exitCode = 1;
}
rmSync(folder, { recursive: true, force: true });
