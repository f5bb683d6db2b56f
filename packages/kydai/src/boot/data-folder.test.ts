import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { keyPassphrase, openDataFolder } from './data-folder.ts';
import { startOf } from './lock-file.ts';

const root = mkdtempSync(join(tmpdir(), 'kydai-data-'));
afterAll(() => rmSync(root, { recursive: true }));

describe('the data folder', () => {
  it('belongs to its owner alone and is held by one program at a time', () => {
    const folder = openDataFolder(join(root, 'a'));
    expect(statSync(folder.path).mode & 0o777).toBe(0o700);
    const mine = readFileSync(join(folder.path, 'lock'), 'utf8');
    const { started } = JSON.parse(mine) as { started: string };
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    writeFileSync(
      join(folder.path, 'lock'),
      JSON.stringify({ pid: child.pid, started: startOf(child.pid!) }),
    );
    expect(() => openDataFolder(join(root, 'a'))).toThrow(/process \d+ already runs/);
    // The same number, begun at another time: another process, which holds nothing.
    writeFileSync(join(folder.path, 'lock'), JSON.stringify({ pid: child.pid, started }));
    openDataFolder(join(root, 'a')).release();
    child.kill();
    folder.release();
    openDataFolder(join(root, 'a')).release();
  });

  it('is taken over from a program that was killed', () => {
    const folder = openDataFolder(join(root, 'b'));
    writeFileSync(join(folder.path, 'lock'), JSON.stringify({ pid: 999_999_999, started: '' }));
    openDataFolder(join(root, 'b')).release();
    writeFileSync(join(folder.path, 'lock'), 'torn');
    openDataFolder(join(root, 'b')).release();
  });

  it('is not made anew beside the keys of an authority whose records are gone', () => {
    mkdirSync(join(root, 'half/keys'), { recursive: true });
    writeFileSync(join(root, 'half/keys/root-1.json'), '{}');
    expect(() => openDataFolder(join(root, 'half'))).toThrow(/no records; restore a backup/);
  });

  it('says so when it cannot be written', () => {
    writeFileSync(join(root, 'file'), '');
    expect(() => openDataFolder(join(root, 'file/below'))).toThrow(/cannot write the data folder/);
    for (const path of ['/proc/kydai', '/proc/kydai/below'])
      expect(() => openDataFolder(path)).toThrow(/cannot write the data folder/);
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
