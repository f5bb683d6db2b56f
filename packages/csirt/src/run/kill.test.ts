import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../testing/killed.ts', import.meta.url));
let folder = '';
let child: ChildProcess | undefined;
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Starts the process; kills it after so many bytes of records, where told; resolves to what it printed. */
async function life(killAt: number | undefined): Promise<string> {
  const running = spawn(process.execPath, [script, folder, '1'], { stdio: ['ignore', 'pipe', 'inherit'] });
  child = running;
  let printed = '';
  running.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  const ended = new Promise((resolve) => running.once('close', resolve));
  const file = join(folder, 'records.jsonl');
  while (killAt !== undefined && running.exitCode === null && !printed.includes('done')) {
    if (existsSync(file) && readFileSync(file).filter((octet) => octet === 10).length >= killAt) {
      running.kill('SIGKILL');
      break;
    }
    await delay(1);
  }
  await ended;
  return printed;
}

it('contains once, whichever commits the process is killed after', { timeout: 30_000 }, async () => {
  folder = mkdtempSync(join(tmpdir(), 'kydai-kill-'));
  // Four lives: each is killed a commit or two further on, the last one runs to its end.
  for (const commits of [1, 2, 4]) await life(commits);
  expect(await life(undefined)).toContain('done');

  const effects = readFileSync(join(folder, 'effects.txt'), 'utf8').trim().split('\n');
  const byId = new Map(effects.map((line) => line.split(' ') as [string, string]));
  expect([...byId.values()].sort()).toEqual(['quarantine-device', 'revoke-certificate']);

  const commits = readFileSync(join(folder, 'records.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map(
      (line) =>
        JSON.parse(line) as {
          writes: { kind: string; value: Record<string, unknown> }[];
          audit: { action: string }[];
        },
    );
  const last = (kind: string) =>
    commits
      .flatMap(({ writes }) => writes)
      .filter((item) => item.kind === kind)
      .at(-1)!.value;
  expect(last('incidents')).toMatchObject({ state: 'contained', number: 'INC-2026-0001' });
  expect(last('runs')).toMatchObject({ state: 'done' });
  const actions = commits.flatMap(({ audit }) => audit.map(({ action }) => action));
  for (const once of ['incident.create', 'run.start', 'incident.contained', 'run.done']) {
    expect(
      actions.filter((action) => action === once),
      once,
    ).toHaveLength(1);
  }
});
