import { spawn } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOf } from '../../boot/lock-file.ts';
import { FileFollower, type Position } from './follow.ts';
import { readEntry } from './journal.ts';
import { Positions } from './positions.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kydai-ship-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const fresh = () => join(folder, `log-${files++}.log`);

/** Reads until there is nothing; gives the lines and the last position. */
async function drain(follower: FileFollower, position?: Position) {
  const lines: string[] = [];
  let last = position;
  for (let read = await follower.next(); read !== undefined; read = await follower.next()) {
    lines.push(...read.lines.filter((line) => line !== ''));
    last = read.position;
  }
  return { lines, position: last };
}

describe('following a file', () => {
  it('reads whole lines only, and the rest when it is whole', async () => {
    const file = fresh();
    writeFileSync(file, 'one\r\ntwo\nthr');
    const follower = new FileFollower(file, undefined);
    expect((await drain(follower)).lines).toEqual(['one', 'two']);
    appendFileSync(file, 'ee\n');
    expect((await drain(follower)).lines).toEqual(['three']);
    await follower.close();
  });

  it('reads a rotated file to its end, with a last line that has none, before the new one', async () => {
    const file = fresh();
    writeFileSync(file, 'one\n');
    const follower = new FileFollower(file, undefined);
    await drain(follower);
    appendFileSync(file, 'two\nlast words');
    renameSync(file, `${file}.1`);
    writeFileSync(file, 'three\n');
    expect((await drain(follower)).lines).toEqual(['two', 'last words', 'three']);
    await follower.close();
  });

  it('begins anew when the file was copied and truncated, also when it has grown beyond since', async () => {
    const file = fresh();
    writeFileSync(file, 'one\ntwo\n');
    const follower = new FileFollower(file, undefined);
    await drain(follower);
    copyFileSync(file, `${file}.1`);
    truncateSync(file);
    writeFileSync(file, 'a line that is longer than both of before\nand another\n');
    expect((await drain(follower)).lines).toEqual([
      'a line that is longer than both of before',
      'and another',
    ]);
    await follower.close();
  });

  it('gives a last line that has no end to who reads once, when nobody writes on', async () => {
    const file = fresh();
    writeFileSync(file, 'one\ntw');
    const follower = new FileFollower(file, undefined);
    expect((await follower.last())?.lines).toEqual(['one']);
    setTimeout(() => appendFileSync(file, 'o\nthr'), 200);
    expect((await follower.last())?.lines).toEqual(['two']);
    expect(await follower.last()).toMatchObject({ lines: ['thr'], position: { offset: 11 } });
    expect(await follower.last()).toBeUndefined();
    await follower.close();
  });

  it('says why it cannot read', async () => {
    const file = fresh();
    const follower = new FileFollower(file, undefined);
    expect(await follower.next()).toBeUndefined();
    expect(follower.unread).toBe('ENOENT');
    mkdirSync(file);
    await follower.next();
    expect(follower.unread).toBe('EISDIR');
    rmdirSync(file);
    writeFileSync(file, 'one\n');
    expect((await follower.next())?.lines).toEqual(['one']);
    expect(follower.unread).toBeUndefined();
    await follower.close();
    const device = new FileFollower('/dev/zero', undefined);
    expect(await device.next()).toBeUndefined();
    expect(device.unread).toBe('no regular file');
  });

  it('finds what was rotated while nobody followed', async () => {
    const file = fresh();
    writeFileSync(file, 'one\n');
    const first = new FileFollower(file, undefined);
    const { position } = await drain(first);
    await first.close();
    appendFileSync(file, 'two\n');
    renameSync(file, `${file}-20261121`);
    writeFileSync(file, 'three\n');
    const second = new FileFollower(file, position);
    expect((await drain(second)).lines).toEqual(['two', 'three']);
    await second.close();
  });

  it('cuts a line that never ends, and goes on after it', async () => {
    const file = fresh();
    writeFileSync(file, `${'x'.repeat(10 * 1024 * 1024)}\nafter\n`);
    const follower = new FileFollower(file, undefined);
    const { lines } = await drain(follower);
    expect(lines.at(-1)).toBe('after');
    expect(lines.slice(0, -1).join('')).toHaveLength(10 * 1024 * 1024);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(512 * 1024);
    await follower.close();
  });

  it('waits for a file that is not there yet', async () => {
    const file = fresh();
    const follower = new FileFollower(file, undefined);
    expect(await follower.next()).toBeUndefined();
    writeFileSync(file, 'one\n');
    expect((await drain(follower)).lines).toEqual(['one']);
    await follower.close();
  });

  it('leaves out no line whatever happens: writes, rotations, and restarts before or after the position is kept', async () => {
    const acts = fc.array(fc.constantFrom('write', 'write', 'rotate', 'read', 'restart', 'lost'), {
      minLength: 1,
      maxLength: 25,
    });
    await fc.assert(
      fc.asyncProperty(acts, async (sequence) => {
        const file = fresh();
        let written = 0;
        let rotations = 0;
        let kept: Position | undefined;
        let follower = new FileFollower(file, undefined);
        const seen = new Set<string>();
        const read = async (acknowledge: boolean) => {
          for (let got = await follower.next(); got !== undefined; got = await follower.next()) {
            if (!acknowledge) return;
            for (const line of got.lines) seen.add(line);
            kept = got.position;
          }
        };
        writeFileSync(file, `line ${written++}\n`);
        for (const act of sequence) {
          if (act === 'write') appendFileSync(file, `line ${written++}\n`);
          // More than one rotation between two looks is more than any shipper can follow.
          else if (act === 'rotate') {
            await read(true);
            appendFileSync(file, `line ${written++}\n`);
            renameSync(file, `${file}.${++rotations}`);
            writeFileSync(file, `line ${written++}\n`);
          } else if (act === 'read') await read(true);
          else {
            if (act === 'lost') await read(false);
            await follower.close();
            follower = new FileFollower(file, kept);
          }
        }
        await read(true);
        await follower.close();
        for (let line = 0; line < written; line++) expect(seen).toContain(`line ${line}`);
      }),
      { numRuns: 60 },
    );
  });
});

describe('positions', () => {
  const position = { ino: 1, offset: 2, head: 'ab', headBytes: 2 };

  it('are kept over a restart', async () => {
    const file = join(folder, 'state.json');
    const first = await Positions.open(file);
    await first.set('/var/log/a', position);
    await first.setCursor('s=1');
    await first.close();
    const second = await Positions.open(file);
    expect(second.of('/var/log/a')).toEqual(position);
    expect(second.of('/var/log/b')).toBeUndefined();
    expect(second.of('__proto__')).toBeUndefined();
    expect(second.cursor).toBe('s=1');
    await second.close();
  });

  it('of any number of files move at once', async () => {
    const file = join(folder, 'many.json');
    const positions = await Positions.open(file);
    const paths = Array.from({ length: 100 }, (_, n) => `/var/log/${n}`);
    await Promise.all(
      paths.map(async (path) => {
        for (let offset = 1; offset <= 3; offset++) await positions.set(path, { ...position, offset });
      }),
    );
    await positions.close();
    const again = await Positions.open(file);
    expect(paths.map((path) => again.of(path)?.offset)).toEqual(paths.map(() => 3));
    await again.close();
  });

  it('belong to one shipper at a time, and a killed one gives them up', async () => {
    const file = join(folder, 'held.json');
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    const ended = new Promise((resolve) => void child.once('exit', resolve));
    writeFileSync(`${file}.lock`, JSON.stringify({ pid: child.pid, started: startOf(child.pid!) }));
    const taken = { code: 'usage', message: expect.stringContaining(`process ${child.pid} ships`) };
    await expect(Positions.open(file)).rejects.toMatchObject(taken);
    child.kill('SIGKILL');
    await ended;
    const positions = await Positions.open(file);
    await positions.close();
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it('say where they cannot be kept', async () => {
    const file = join(folder, 'nowhere/state.json');
    await expect(Positions.open(file)).rejects.toMatchObject({ code: 'usage' });
  });

  it.each(['', '{', '{"files":{"a":{}}}', '[]'])(
    'a damaged state file is told and never overwritten: %j',
    async (text) => {
      const file = join(folder, 'damaged.json');
      writeFileSync(file, text);
      await expect(Positions.open(file)).rejects.toMatchObject({ code: 'usage' });
    },
  );
});

describe('an entry of the journal', () => {
  it('becomes a syslog line', () => {
    const line = JSON.stringify({
      __CURSOR: 's=1',
      __REALTIME_TIMESTAMP: '1795230000000000',
      _HOSTNAME: 'gw-1',
      SYSLOG_IDENTIFIER: 'sshd',
      SYSLOG_FACILITY: '4',
      PRIORITY: '5',
      _PID: '77',
      MESSAGE: 'Failed password for root from 203.0.113.9 port 5 ssh2',
      _SYSTEMD_UNIT: 'ssh.service',
    });
    const { fields, cursor } = readEntry(line)!;
    expect(cursor).toBe('s=1');
    expect(fields).toMatchObject({
      message: `<37>1 ${new Date(1795230000000).toISOString()} gw-1 sshd 77 - - Failed password for root from 203.0.113.9 port 5 ssh2`,
      'systemd.unit': 'ssh.service',
    });
  });

  it('may hold bytes, repeated fields, or nothing', () => {
    const bytes = JSON.stringify({
      __CURSOR: 's=2',
      MESSAGE: [...Buffer.from('xin chào')],
      _HOSTNAME: ['a b', 'c'],
    });
    expect(readEntry(bytes)!.fields).toMatchObject({ message: '<30>1 - a_b - - - - xin chào' });
    for (const line of ['', 'x', '{}', '[]', '{"__CURSOR":1}']) expect(readEntry(line)).toBeUndefined();
    fc.assert(fc.property(fc.json(), (json) => void readEntry(json)));
  });
});
