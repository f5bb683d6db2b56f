import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder, readIfThere, writeSafely } from './safe.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kydai-safe-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a file that is written safely', () => {
  it('is never seen half written by a reader beside', async () => {
    const path = join(folder, 'identity.pem');
    const versions = ['a', 'b', 'c'].map((letter) => letter.repeat(200_000));
    await writeSafely(path, versions[0]!);
    let reading = true;
    const seen = new Set<string>();
    const reader = (async () => {
      while (reading) {
        seen.add((await readIfThere(path)) ?? 'missing');
        await new Promise(setImmediate);
      }
    })();
    for (let round = 0; round < 12; round += 1) await writeSafely(path, versions[round % 3]!);
    reading = false;
    await reader;
    for (const text of seen) expect(versions).toContain(text);
    expect(readdirSync(folder)).toEqual(['identity.pem']);
  });

  it('keeps its old contents where the new ones cannot be written', async () => {
    const path = join(folder, 'identity.pem');
    await writeSafely(path, 'old');
    await expect(writeSafely(join(folder, 'missing', 'x'), 'new')).rejects.toThrow();
    await expect(writeSafely(path, { not: 'text' } as never)).rejects.toThrow();
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['identity.pem']);
  });

  it('takes the place of a leftover of an earlier loss of power, and is readable by its owner alone', async () => {
    const path = join(folder, 'identity.pem');
    writeFileSync(`${path}.${process.pid}.new`, 'half');
    await writeSafely(path, 'whole');
    expect(readFileSync(path, 'utf8')).toBe('whole');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await readIfThere(join(folder, 'none'))).toBeUndefined();
  });
});

describe('a folder that is made safely', () => {
  it('is there with all above it, for its owner alone, and stays as it is when it is made again', async () => {
    const path = join(folder, 'a', 'b', 'c');
    await makeFolder(path);
    for (const made of ['a', 'a/b', 'a/b/c']) expect(statSync(join(folder, made)).mode & 0o777).toBe(0o700);
    writeFileSync(join(path, 'identity.pem'), 'x');
    await makeFolder(path);
    expect(readdirSync(path)).toEqual(['identity.pem']);
    await expect(makeFolder(join(path, 'identity.pem', 'd'))).rejects.toThrow();
  });
});
