import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Event } from '@kydai/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noon, sample } from '../contract/samples.ts';
import type { LakeLimits } from './limits.ts';
import { type Lake, openLake } from './open.ts';

describe('the lake', { timeout: 30_000 }, () => {
  let folder: string;
  let opened: Lake[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kydai-faults-'));
    opened = [];
  });
  afterEach(async () => {
    for (const lake of opened) await lake.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(limits: Partial<LakeLimits> = {}): Promise<Lake> {
    const lake = await openLake({ folder, clock: { now: () => noon }, limits });
    opened.push(lake);
    return lake;
  }
  const count = async (lake: Lake) => (await lake.aggregate({ from: 0, to: noon * 2 }))[0]!.count;
  const segments = () => readdirSync(join(folder, 'wal')).filter((name) => name.endsWith('.wal'));
  const many = (n: number): Event[] => Array.from({ length: n }, () => sample());

  it('is open in one process at a time', async () => {
    const lake = await open();
    await expect(open()).rejects.toMatchObject({ code: 'locked' });
    await lake.close();
    await open();
  });

  it('refuses a folder that its query engine would take for a pattern', async () => {
    await expect(openLake({ folder: join(folder, 'a[b]'), clock: { now: () => 1 } })).rejects.toMatchObject({
      code: 'disk-failed',
    });
  });

  it('cuts off a torn tail and goes on', async () => {
    const lake = await open();
    await lake.append(many(3));
    await lake.close();
    const path = join(folder, 'wal', segments()[0]!);
    writeFileSync(path, readFileSync(path).subarray(0, 60), { flag: 'a' });
    const again = await open();
    expect(await count(again)).toBe(3);
    await again.append(many(2));
    await again.flush();
    expect(await count(again)).toBe(5);
  });

  it('keeps what is intact around damage, and the damaged bytes beside it', async () => {
    const lake = await open();
    for (let n = 0; n < 3; n++) await lake.append([sample({ raw: `line ${n} ${'x'.repeat(n)}` })]);
    await lake.close();
    const path = join(folder, 'wal', segments()[0]!);
    writeFileSync(path, readFileSync(path, 'latin1').replace('line 1', 'line 7'), 'latin1');
    const again = await open();
    expect((await again.search({})).events.map(({ raw }) => raw).sort()).toEqual(['line 0 ', 'line 2 xx']);
    expect(readdirSync(join(folder, 'wal')).some((name) => name.includes('damaged'))).toBe(true);
    await again.flush();
    expect(await count(again)).toBe(2);
  });

  it('does not start without its manifest being readable, or a file that it names', async () => {
    const lake = await open();
    await lake.append(many(1));
    await lake.flush();
    await lake.close();
    const manifest = join(folder, 'manifest.json');
    const good = readFileSync(manifest, 'utf8');
    writeFileSync(manifest, good.slice(0, -5));
    await expect(open()).rejects.toMatchObject({ code: 'damaged' });
    writeFileSync(manifest, good);
    const { files } = JSON.parse(good) as { files: { path: string }[] };
    const path = join(folder, files[0]!.path);
    const parquet = readFileSync(path);
    rmSync(path);
    await expect(open()).rejects.toMatchObject({ code: 'damaged' });
    writeFileSync(path, parquet);
    expect(await count(await open())).toBe(1);
  });

  it('answers without its index of texts, or with one that is damaged', async () => {
    const lake = await open();
    await lake.append([sample({ raw: 'a needle in the hay' })]);
    await lake.flush();
    await lake.close();
    const { files } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
      files: { path: string }[];
    };
    const index = join(folder, files[0]!.path.replace('.parquet', '.grams'));
    const found = async (text: string) => {
      const again = await open();
      const { events } = await again.search({ filter: { op: 'text', text } });
      await again.close();
      return events.length;
    };
    expect(existsSync(index)).toBe(true);
    expect([await found('needle'), await found('noodle')]).toEqual([1, 0]);
    writeFileSync(index, 'rubbish');
    expect([await found('needle'), await found('noodle')]).toEqual([1, 0]);
    rmSync(index);
    expect([await found('needle'), await found('noodle')]).toEqual([1, 0]);
  });

  it('refuses with disk-full above its size limit, keeps answering, and takes events again once there is room', async () => {
    const lake = await open({ maxBytes: 30_000 });
    let kept = 0;
    for (;;) {
      try {
        await lake.append(many(20));
        kept += 20;
      } catch (error) {
        expect(error).toMatchObject({ code: 'disk-full' });
        break;
      }
    }
    expect(await count(lake)).toBe(kept);
    await lake.flush();
    await lake.append(many(1));
    expect(await count(lake)).toBe(kept + 1);
  });

  it('refuses with disk-full while the disk has less than its reserve', async () => {
    const lake = await open({ reserveBytes: Number.MAX_SAFE_INTEGER });
    await expect(lake.append(many(1))).rejects.toMatchObject({ code: 'disk-full' });
    expect(await count(lake)).toBe(0);
  });

  // util-linux has `prlimit`; other systems cannot lift the limit of a running process.
  it.skipIf(!existsSync('/usr/bin/prlimit'))(
    'keeps nothing of an append that a real write limit cut short, and recovers when the limit goes',
    async () => {
      // The kernel fails writes beyond `ulimit -f` with EFBIG, in the middle of a frame; `prlimit` then lifts the limit.
      const child = spawn(
        'sh',
        [
          '-c',
          'ulimit -S -f 200; exec "$0" "$1" "$2"',
          process.execPath,
          fileURLToPath(new URL('./full-appender.ts', import.meta.url)),
          folder,
        ],
        {
          stdio: ['pipe', 'pipe', 'inherit'],
        },
      );
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes('refused') && !output.includes('again')) {
          spawn('/usr/bin/prlimit', ['--pid', String(child.pid), '--fsize=unlimited']).on('close', () =>
            child.stdin.end('again'),
          );
        }
      });
      await new Promise((resolve) => child.on('close', resolve));
      const [kept, refused, again] = /kept (\d+) refused disk-full (\d+) again (\d+)/
        .exec(output.replaceAll('\n', ' '))!
        .slice(1)
        .map(Number);
      expect(kept).toBeGreaterThan(0);
      expect(refused).toBe(kept);
      expect(again).toBe(kept! + 1);
      expect(await count(await open())).toBe(again);
    },
  );

  it('hands durable events to those who follow, filtered, until their signal ends', async () => {
    const lake = await open();
    const end = new AbortController();
    const seen: string[] = [];
    const following = (async () => {
      for await (const { raw } of lake.tail({ op: 'wildcard', field: 'raw', pattern: 'keep*' }, end.signal)) {
        seen.push(raw);
        if (seen.length === 2) end.abort();
      }
    })();
    await new Promise((resolve) => setImmediate(resolve));
    await lake.append([sample({ raw: 'keep 1' }), sample({ raw: 'drop' })]);
    await lake.append([sample({ raw: 'keep 2' }), sample({ raw: 'keep 3' })]);
    await following;
    expect(seen).toEqual(['keep 1', 'keep 2']);
  });

  it('tells a follower that fell behind, and ends the others when it is closed', async () => {
    const lake = await open();
    const slow = lake.tail(undefined, new AbortController().signal);
    const first = slow.next();
    await new Promise((resolve) => setImmediate(resolve));
    await lake.append(many(1));
    await first;
    for (let n = 0; n < 11; n++) await lake.append(many(1_000));
    await expect(slow.next()).rejects.toMatchObject({ code: 'busy' });
    const waiting = lake.tail(undefined, new AbortController().signal).next();
    await new Promise((resolve) => setImmediate(resolve));
    await lake.close();
    expect((await waiting).done).toBe(true);
  });

  it('stays bounded when a source makes up a dataset for every event', async () => {
    const lake = await open();
    await lake.append(Array.from({ length: 300 }, (_, n) => sample({ dataset: `../../d${n}/\u0000*` })));
    await lake.flush();
    const { files } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as { files: unknown[] };
    expect(files).toHaveLength(64);
    expect(await count(lake)).toBe(300);
    expect(
      (await lake.search({ filter: { op: 'equals', field: 'dataset', value: '../../d299/\u0000*' } })).events,
    ).toHaveLength(1);
  });

  it('deletes nothing that is under a legal hold until the hold is released, also after a restart', async () => {
    const lake = await open();
    const [kept, other, gone] = [
      sample({ dataset: 'camera.log' }),
      sample({ dataset: 'camera.log', time: noon - 10 }),
      sample(),
    ];
    await lake.append([kept, other, gone]);
    await lake.hold({ id: 'case-7', reason: 'order 7', dataset: 'camera.log', from: noon });
    expect(await lake.retain(undefined, noon + 1)).toBe(2);
    await lake.close();
    const again = await open();
    expect(await again.holds()).toHaveLength(1);
    expect(await again.retain(undefined, noon + 1)).toBe(0);
    expect((await again.search({})).events.map(({ id }) => id)).toEqual([kept.id]);
    await expect(again.hold({ id: '', reason: '' })).rejects.toMatchObject({ code: 'query' });
    expect(await again.release('case-8')).toBe(false);
    expect(await again.release('case-7')).toBe(true);
    expect(await again.retain(undefined, noon + 1)).toBe(1);
  });

  it('merges small files and answers the same', async () => {
    const lake = await open({ mergeCount: 3, mergeQuiet: 0, segmentAge: 20 });
    for (let n = 0; n < 7; n++) {
      await lake.append([
        sample({ time: noon + n, fields: n % 2 === 0 ? { 'user.name': 'lan' } : { 'labels.x': 1 } }),
      ]);
      await lake.flush();
    }
    expect(await count(lake)).toBe(7);
    expect((await lake.search({ filter: { op: 'exists', field: 'user.name' } })).events).toHaveLength(4);
    const files = () => {
      const manifest = readFileSync(join(folder, 'manifest.json'), 'utf8');
      return (JSON.parse(manifest) as { files: unknown[] }).files.length;
    };
    await expect.poll(files, { timeout: 10_000 }).toBeLessThan(7);
    expect(await count(lake)).toBe(7);
  });
});
