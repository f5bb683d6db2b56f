import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killRounds } from './kill.ts';

/** `npm run kill -w packages/store -- 200`: kills as many loaded processes and prints one JSON line; exits 1 on any loss. */
const rounds = Number(process.argv[2] ?? 200);
const folder = mkdtempSync(join(tmpdir(), 'kydai-kill-'));
const report = await killRounds(folder, rounds, Math.random);
rmSync(folder, { recursive: true, force: true });
console.log(JSON.stringify({ name: 'lake.kills', value: rounds, unit: 'kills', ...report }));
process.exitCode = report.lost + report.doubled > 0 ? 1 : 0;
