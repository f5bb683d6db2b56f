import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noon, plain, sample } from '../contract/samples.ts';
import { type Lake, openLake } from './open.ts';
import { makeSeal } from './seal.ts';

const key = Buffer.alloc(32, 7);
const secret = 'thebishopsgambit';

describe('an encrypted lake', { timeout: 30_000 }, () => {
  let folder: string;
  let opened: Lake[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kydai-seal-'));
    opened = [];
  });
  afterEach(async () => {
    for (const lake of opened) await lake.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(given: Uint8Array | undefined = key): Promise<Lake> {
    const lake = await openLake({
      folder,
      clock: { now: () => noon },
      ...(given.length > 0 && { key: given }),
    });
    opened.push(lake);
    return lake;
  }
  const without = new Uint8Array();
  const files = () =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'lock.db')
      .map((entry) => join(entry.parentPath, entry.name));
  const holding = (text: string) => files().filter((path) => readFileSync(path).includes(text));

  it('gives back everything, and has nothing of it on disk in the clear', async () => {
    const lake = await open();
    const live = sample({ raw: `${secret} one`, fields: { 'user.name': secret, 'labels.x': secret } });
    await lake.append([live]);
    expect(holding(secret)).toEqual([]);
    await lake.close();
    const again = await open();
    expect((await again.search({})).events.map(plain)).toEqual([plain(live)]);
    await again.flush();
    expect(files().some((path) => path.endsWith('.parquet'))).toBe(true);
    expect(holding(secret)).toEqual([]);
    const text = { op: 'text', text: secret } as const;
    expect((await again.search({ filter: text })).events.map(plain)).toEqual([plain(live)]);
    expect((await again.sql(`select "user.name" from events`)).rows).toEqual([[secret]]);
    // The thread that converts large segments has the key too.
    await again.append([sample({ raw: `${secret} ${'y'.repeat(1_500_000)}` })]);
    await again.flush();
    expect(holding(secret)).toEqual([]);
    expect(await again.retain(undefined, noon + 1)).toBe(2);
  });

  it('is not opened without its key, or with another', async () => {
    const lake = await open();
    await lake.append([sample()]);
    await lake.close();
    await expect(open(without)).rejects.toMatchObject({ code: 'key' });
    await expect(open(Buffer.alloc(32, 8))).rejects.toMatchObject({ code: 'key' });
    await expect(open(Buffer.alloc(16))).rejects.toMatchObject({ code: 'key' });
    expect((await (await open()).stats()).events).toBe(1);
  });

  it('begins to be one when it is given a key, and merges what was in the clear into what is not', async () => {
    const lake = await open(without);
    for (let n = 0; n < 4; n++) {
      await lake.append([sample({ raw: `${secret} ${n}` })]);
      await lake.flush();
    }
    await lake.append([sample({ raw: `${secret} live` })]);
    await lake.close();
    const again = await open();
    for (let n = 0; n < 4; n++) {
      await again.append([sample({ fields: { 'user.name': 'lan' } })]);
      await again.flush();
    }
    const count = async () => (await again.aggregate({ from: 0, to: noon * 2 }))[0]!.count;
    expect(await count()).toBe(9);
    expect((await again.search({ filter: { op: 'text', text: secret } })).events).toHaveLength(5);
    expect(holding(secret).length).toBeGreaterThan(0);
    await again.compact();
    expect(await count()).toBe(9);
    await expect.poll(() => holding(secret)).toEqual([]);
  });

  it('keeps what is intact around damage', async () => {
    const lake = await open();
    for (let n = 0; n < 3; n++) await lake.append([sample({ raw: `line ${n}` })]);
    await lake.close();
    const path = files().find((name) => name.endsWith('.sealed'))!;
    const bytes = readFileSync(path);
    bytes[Math.floor(bytes.length / 2)]! ^= 1;
    writeFileSync(path, bytes);
    const again = await open();
    expect((await again.search({})).events.map(({ raw }) => raw).sort()).toEqual(['line 0', 'line 2']);
  });

  it('gives each segment a key of its own, and never the same bytes twice', () => {
    const seal = makeSeal(key);
    const [one, two] = [seal.segment(Buffer.alloc(8, 1)), seal.segment(Buffer.alloc(8, 2))];
    const sealed = one.seal(Buffer.from(secret));
    expect(one.open(sealed)?.toString()).toBe(secret);
    expect(two.open(sealed)).toBeUndefined();
    expect(one.seal(Buffer.from(secret)).equals(sealed)).toBe(false);
    expect(one.open(sealed.subarray(0, 20))).toBeUndefined();
  });
});
