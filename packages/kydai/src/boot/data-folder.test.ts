import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { keyPassphrase, openDataFolder } from './data-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'kydai-data-'));
afterAll(() => rmSync(root, { recursive: true }));

describe('the data folder', () => {
  it('belongs to its owner alone and is held by one program at a time', () => {
    const folder = openDataFolder(join(root, 'a'));
    expect(statSync(folder.path).mode & 0o777).toBe(0o700);
    writeFileSync(join(folder.path, 'lock'), '1');
    expect(() => openDataFolder(join(root, 'a'))).toThrow(/process 1 already runs/);
    folder.release();
    openDataFolder(join(root, 'a')).release();
  });

  it('is taken over from a program that was killed', () => {
    const folder = openDataFolder(join(root, 'b'));
    writeFileSync(join(folder.path, 'lock'), '999999999');
    openDataFolder(join(root, 'b')).release();
  });

  it('says so when it cannot be written', () => {
    writeFileSync(join(root, 'file'), '');
    expect(() => openDataFolder(join(root, 'file/below'))).toThrow(/cannot write the data folder/);
  });

  it('keeps a passphrase of its own, unless one is given', () => {
    const folder = openDataFolder(join(root, 'c'));
    const made = keyPassphrase(folder, {});
    expect(made.length).toBeGreaterThan(40);
    expect(keyPassphrase(folder, {})).toBe(made);
    expect(keyPassphrase(folder, { KYDAI_PASSPHRASE: 'a long passphrase' })).toBe('a long passphrase');
    expect(() => keyPassphrase(folder, { KYDAI_PASSPHRASE: 'short' })).toThrow(/at least 12/);
    folder.release();
  });
});
