import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, type Program, startProgram, temporaryFolder } from '../program.ts';

const main = join(import.meta.dirname, '../../packages/kydai/src/main.ts');

describe('kydai ship', () => {
  const folder = temporaryFolder();
  const log = join(folder, 'app.log');
  let program: Program;
  let shipper: ChildProcess;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    program = await startProgram({ folder });
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await program.stop();
  });

  const { KYDAI_CONFIG: _, ...inherited } = process.env;
  const start = (to: string) => {
    const child = spawn(process.execPath, [main, 'ship', log, '--to', to], {
      cwd: folder,
      env: inherited,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    children.push(child);
    return child;
  };
  const ended = (child: ChildProcess) =>
    new Promise<number | null>((resolve) => void child.once('exit', resolve));
  let written = 0;
  const write = (count: number) => {
    const lines = Array.from(
      { length: count },
      () => `Nov 21 10:00:00 host-1 shiptest[7]: numbered <${written++}> xin chào\n`,
    );
    appendFileSync(log, lines.join(''));
  };
  const numbers = async () => {
    const { stdout } = await program.cli('search', 'process.name:shiptest', '--limit', '1000', '--json');
    return new Set(Array.from(stdout.matchAll(/numbered <(\d+)> xin chào/g), ([, number]) => Number(number)));
  };
  const all = () => eventually(async () => (await numbers()).size === written, 40_000);

  it('loses no line over rotation, a kill of the shipper, and a kill of the collector', async () => {
    write(100);
    shipper = start(program.addresses.collect);
    await all();
    write(50);
    renameSync(log, `${log}.1`);
    writeFileSync(log, '');
    write(50);
    await all();

    shipper.kill('SIGKILL');
    await ended(shipper);
    write(30);
    renameSync(log, `${log}.2`);
    writeFileSync(log, '');
    write(30);
    const port = new URL(program.addresses.collect).port;
    shipper = start(program.addresses.collect);
    await all();

    await program.stop('SIGKILL');
    write(40);
    await delay(500);
    program = await startProgram({ folder, environment: { KYDAI_COLLECT_PORT: port } });
    await all();
    expect((await numbers()).size).toBe(300);
    const { stdout } = await program.cli('search', 'process.name:shiptest', '--limit', '1', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      dataset: 'linux.syslog',
      fields: { 'host.name': 'host-1', 'log.file.path': log },
    });

    shipper.kill('SIGTERM');
    expect(await ended(shipper)).toBe(0);
  }, 120_000);

  it('ends by itself when asked to, and does not ship twice', async () => {
    const file = join(folder, 'once.log');
    writeFileSync(
      file,
      `{"event.dataset":"once.log","n":1}\nplain line of the once test\n${'y'.repeat(2_000_000)}\n`,
    );
    const ship = () => program.cli('ship', file, '--once', '--state', join(folder, 'once.json'));
    expect((await ship()).stdout).toMatch(/^6 lines shipped$/m);
    expect((await ship()).stdout).toMatch(/^0 lines shipped$/m);
    expect((await program.cli('search', 'dataset:once.log', '--json')).stdout).toMatch(/"n":1/);
  });

  it('says what is wrong', async () => {
    const nothing = await program.cli('ship');
    expect(nothing).toMatchObject({ code: expect.any(Number), stderr: expect.stringMatching(/name a file/) });
    const wrong = await program.cli(
      'ship',
      log,
      '--once',
      '--state',
      join(folder, 'x.json'),
      '--to',
      program.addresses.status,
    );
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr).toMatch(/there is no collector at/);
  });
});
