import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pack, unpack } from './archive.ts';
import { openStream, sealStream } from './cipher.ts';

const cost = { logN: 10, r: 8, p: 1 };
const passphrase = 'một mật khẩu dài';

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

/** A stream in pieces of an odd size. */
async function* pieces(bytes: Buffer, size = 65_537): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const seal = (bytes: Buffer) => collect(sealStream(passphrase, pieces(bytes), cost));
const open = (bytes: Buffer, secret = passphrase) => collect(openStream(secret, pieces(bytes, 999)));

describe('the cipher of backups', () => {
  it.each([0, 1, 1024 * 1024 - 1, 1024 * 1024, 1024 * 1024 + 1, 3_000_000])(
    'gives back %d octets',
    async (size) => {
      const bytes = Buffer.alloc(size, 'x');
      expect((await open(await seal(bytes))).equals(bytes)).toBe(true);
    },
  );

  it('refuses another passphrase, and what is no backup', async () => {
    const sealed = await seal(Buffer.from('secret'));
    await expect(open(sealed, 'another passphrase')).rejects.toMatchObject({ code: 'invalid' });
    await expect(open(Buffer.from('PK zip'))).rejects.toThrow(/is not a backup/);
    await expect(open(Buffer.alloc(0))).rejects.toThrow(/is not a backup/);
  });

  it('notices every single changed octet and every cut', async () => {
    const sealed = await seal(Buffer.alloc(300, 7));
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 0x01;
      // The cost of scrypt stands at octets 8 to 10: raised, it must be refused or lead to another key.
      await expect(open(changed)).rejects.toMatchObject({ code: 'invalid' });
    }
    for (const length of [10, 49, 50, 55, sealed.length - 1])
      await expect(open(sealed.subarray(0, length))).rejects.toMatchObject({ code: 'invalid' });
    await expect(open(Buffer.concat([sealed, Buffer.of(0)]))).rejects.toThrow(/after its end/);
  }, 60_000);

  it('notices pieces that are dropped, repeated or put in another order', async () => {
    const sealed = await seal(Buffer.alloc(3 * 1024 * 1024 + 5, 7));
    const piece = 5 + 1024 * 1024 + 16;
    const [head, one, two, rest] = [0, 50, 50 + piece, 50 + 2 * piece].map((from, at, all) =>
      sealed.subarray(from, all[at + 1] ?? sealed.length),
    ) as [Buffer, Buffer, Buffer, Buffer];
    for (const parts of [
      [head, two, one, rest],
      [head, one, rest],
      [head, one, one, two, rest],
    ])
      await expect(open(Buffer.concat(parts))).rejects.toThrow(/damaged/);
    await expect(open(Buffer.concat([head, one, two]))).rejects.toThrow(/cut off/);
  });
});

describe('the archive', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kydai-archive-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('gives back every file, empty ones too', async () => {
    mkdirSync(join(folder, 'from/a/b'), { recursive: true });
    writeFileSync(join(folder, 'from/a/b/c.bin'), Buffer.alloc(2_500_000, 3));
    writeFileSync(join(folder, 'from/empty'), '');
    const result = await unpack(pack(join(folder, 'from')), join(folder, 'to'));
    expect(result).toEqual({ files: 2, bytes: 2_500_000 });
    expect(readFileSync(join(folder, 'to/a/b/c.bin')).length).toBe(2_500_000);
    expect(readFileSync(join(folder, 'to/empty')).length).toBe(0);
  });

  it.each(['../out', '/etc/passwd', 'a/../../out', 'a//b', '.', 'a/./b', 'a\\b', ''])(
    'writes no file called `%s`',
    async (path) => {
      const text = Buffer.from(JSON.stringify({ path, size: 1 }));
      const lead = Buffer.alloc(4);
      lead.writeUInt32BE(text.length);
      const archive = pieces(Buffer.concat([lead, text, Buffer.of(1)]));
      await expect(unpack(archive, join(folder, 'to'))).rejects.toMatchObject({ code: 'invalid' });
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  it('refuses an archive that ends early or lies about a size', async () => {
    mkdirSync(join(folder, 'from'));
    writeFileSync(join(folder, 'from/a'), 'abc');
    const whole = await collect(pack(join(folder, 'from')));
    for (const length of [0, 3, 20, whole.length - 1])
      await expect(
        unpack(pieces(whole.subarray(0, length)), join(folder, `to-${length}`)),
      ).rejects.toMatchObject({ code: 'invalid' });
    const lies = Buffer.from(whole.toString('latin1').replace('"size":3', '"size":2'), 'latin1');
    await expect(unpack(pieces(lies), join(folder, 'to-lies'))).rejects.toMatchObject({ code: 'invalid' });
  });
});
