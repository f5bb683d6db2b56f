import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { enrol } from '@kydai/device';
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
    const lines = stdout.trim().split('\n').filter(Boolean);
    return lines.map((line) => Number(/numbered <(\d+)>/.exec(line)![1]));
  };
  const all = () => eventually(async () => new Set(await numbers()).size === written, 40_000);

  it('loses no line, and keeps none twice, over rotation, a kill of the shipper, and a kill of the collector', async () => {
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
    expect((await numbers()).toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: 300 }, (_, n) => n),
    );
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

  it('takes nothing twice that was kept before a kill could be marked', async () => {
    const file = join(folder, 'twice.log');
    const state = join(folder, 'twice.json');
    const lines = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, n) => `twicetest number ${from + n}\n`).join('');
    writeFileSync(file, lines(0, 1));
    await program.cli('ship', file, '--once', '--state', state);
    const before = readFileSync(state);
    appendFileSync(file, lines(1, 400));
    expect((await program.cli('ship', file, '--once', '--state', state)).stdout).toMatch(/^399 lines/m);
    // As after a kill between the collector's answer and the mark.
    writeFileSync(state, before);
    appendFileSync(file, lines(400, 450));
    expect((await program.cli('ship', file, '--once', '--state', state)).stdout).toMatch(/^449 lines/m);
    const { stdout } = await program.cli('search', '"twicetest number"', '--limit', '1000', '--json');
    expect(stdout.trim().split('\n')).toHaveLength(450);
  });

  it('speaks syslog over TLS with the certificate of its device', async () => {
    const token = await program.cli('pki', 'token', 'gw-7', '--kind', 'gateway', '--quiet');
    const { rootPem } = JSON.parse(readFileSync(join(folder, 'data/operator.json'), 'utf8')) as {
      rootPem: string;
    };
    const ca = join(folder, 'root.pem');
    writeFileSync(ca, rootPem);
    const estUrl = program.addresses.devices;
    const device = { deviceId: 'gw-7', token: token.stdout.trim(), folder: join(folder, 'gw-7') };
    await enrol({ estUrl, ca: rootPem, ...device });
    const file = join(folder, 'tls.log');
    writeFileSync(
      file,
      `${'x'.repeat(70)} tlstest one\n<13>1 - gw-7 app - - - tlstest two\n{"a":1,"message":"tlstest three"}\n`,
    );
    const to = `syslog-tls://${program.addresses.syslogTls}`;
    const identity = join(folder, 'gw-7/identity.pem');
    const ship = (...more: string[]) =>
      program.cli(
        'ship',
        file,
        '--once',
        '--state',
        join(folder, 'tls.json'),
        '--to',
        to,
        '--ca',
        ca,
        ...more,
      );
    expect((await ship('--identity', identity)).stdout).toMatch(/^3 lines shipped$/m);
    expect((await ship('--identity', identity)).stdout).toMatch(/^0 lines shipped$/m);
    const found = await eventually(async () => {
      const { stdout } = await program.cli('search', 'tlstest', '--json');
      return stdout.trim().split('\n').length >= 3 ? stdout : undefined;
    });
    expect(found).toMatch(/"source":"syslog-tls\/[^"]*gw-7/);
    expect((await ship()).stderr).toMatch(/needs `--identity`/);
  });

  it('loses no line over TLS, whichever side is killed, and keeps none twice', async () => {
    const file = join(folder, 'tls-kill.log');
    const state = join(folder, 'tls-kill.json');
    let lines = 0;
    const append = (count: number) => {
      const text = Array.from({ length: count }, () => `tlskill numbered <${lines++}>\n`);
      appendFileSync(file, text.join(''));
    };
    const port = program.addresses.syslogTls.split(':')[1]!;
    const startShipper = () => {
      const to = ['--to', `syslog-tls://127.0.0.1:${port}`, '--ca', join(folder, 'root.pem')];
      const identity = ['--identity', join(folder, 'gw-7/identity.pem'), '--state', state];
      const child = spawn(process.execPath, [main, 'ship', file, ...to, ...identity], {
        cwd: folder,
        env: inherited,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      children.push(child);
      return child;
    };
    const found = join(folder, 'tls-kill.ndjson');
    const kept = async () => {
      rmSync(found, { force: true });
      await program.cli('search', '"tlskill numbered"', '--export', found);
      const text = existsSync(found) ? readFileSync(found, 'utf8') : '';
      return Array.from(text.matchAll(/"message":"tlskill numbered <(\d+)>/g), ([, number]) =>
        Number(number),
      );
    };
    append(20_000);
    shipper = startShipper();
    await eventually(async () => (await kept()).length > 0, 40_000);
    shipper.kill('SIGKILL');
    await ended(shipper);
    append(20_000);
    shipper = startShipper();
    await eventually(async () => (await kept()).length > 22_000, 40_000);
    await program.stop('SIGKILL');
    append(1000);
    program = await startProgram({ folder, environment: { KYDAI_SYSLOG_TLS_PORT: port } });
    await eventually(async () => new Set(await kept()).size === lines, 60_000);
    const numbers = await kept();
    expect(numbers).toHaveLength(lines);
    shipper.kill('SIGTERM');
    expect(await ended(shipper)).toBe(0);
  }, 180_000);

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
