import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLake } from '../lake/open.ts';

describe('a process that exits while the stores work', { timeout: 60_000 }, () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kydai-exit-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function run(module: URL, place: string) {
    const program = ['--disable-warning=ExperimentalWarning', fileURLToPath(module), place];
    const { status, signal, stderr } = spawnSync(process.execPath, program, { encoding: 'utf8' });
    return { status, signal, stderr };
  }

  it('ends with its own code in the middle of a conversion, of which nothing counts', async () => {
    const ended = run(new URL('./exit-converting.ts', import.meta.url), folder);
    expect(ended).toEqual({ status: 7, signal: null, stderr: '' });
    const lake = await openLake({ folder, clock: { now: Date.now } });
    expect(await lake.aggregate({ from: 0, to: 2e12 })).toMatchObject([{ count: 10_000 }]);
    await lake.close();
  });

  it('gives up the query that runs', () => {
    const ended = run(new URL('./exit-querying.ts', import.meta.url), folder);
    expect(ended).toEqual({ status: 7, signal: null, stderr: '' });
  });

  it('waits for the commits that the thread has taken', () => {
    const file = join(folder, 'records.db');
    const ended = run(new URL('./exit-committing.ts', import.meta.url), file);
    expect(ended).toEqual({ status: 7, signal: null, stderr: '' });
    const database = new Database(file);
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(database.prepare('select count(*) from audit_leaf').pluck().get()).toBeGreaterThan(0);
    database.close();
  });
});
