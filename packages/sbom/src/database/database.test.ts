import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { osv, temporaryFolder, vectors } from '../testing.ts';
import { importAdvisories } from './import.ts';
import { openAdvisories } from './open.ts';

const range = [{ introduced: '0' }, { fixed: '1.0.0' }];
const clock = { now: () => 1_000 };

function write(folder: string, name: string, value: unknown): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(
    path,
    typeof value === 'string' || value instanceof Uint8Array ? value : JSON.stringify(value),
  );
  return path;
}

describe('importing advisories', () => {
  it('takes folders, archives, single files, JSON and YAML', async () => {
    using folder = temporaryFolder();
    const records = join(folder.path, 'records');
    write(records, 'deep/one.json', osv('A-1', 'one', range));
    write(records, 'README.md', '# no advisory');
    const list = write(
      folder.path,
      'list.json.gz',
      gzipSync(JSON.stringify([osv('A-2', 'two', range), osv('A-3', 'two', range)])),
    );
    const yaml = write(
      folder.path,
      'y.yaml',
      'id: A-4\nmodified: 2026-01-01T00:00:00Z\naffected:\n- package: {ecosystem: PyPI, name: Some_Name}\n  versions: [1.10, 2.0]\n',
    );
    write(join(folder.path, 'packed'), 'five.json', osv('A-5', 'five', range));
    execFileSync('tar', ['czf', join(folder.path, 'a.tar.gz'), '-C', join(folder.path, 'packed'), '.']);
    const output = join(folder.path, 'new/place/x.db');
    const summary = await importAdvisories({
      inputs: [records, list, yaml, join(folder.path, 'a.tar.gz')],
      output,
      clock,
    });
    expect(summary).toMatchObject({
      advisories: 5,
      packages: 4,
      ecosystems: { npm: 4, PyPI: 1 },
      skipped: 0,
    });
    const database = openAdvisories(output);
    expect(database.info).toMatchObject({ imported: 1_000, advisories: 5, digest: summary.digest });
    expect(database.lookup('npm', 'two').map((match) => match.advisory.id)).toEqual(['A-2', 'A-3']);
    // The scalar is kept as it is written: 1.10 is not 1.1.
    expect(database.lookup('PyPI', 'some-name')[0]?.affected.versions).toEqual(['1.10', '2.0']);
    expect(database.lookup('npm', 'none')).toEqual([]);
    database.close();
    expect(readdirSync(join(folder.path, 'new/place'))).toEqual(['x.db']);
  });

  it('leaves out what was withdrawn and keeps the newest of one id', async () => {
    using folder = temporaryFolder();
    const file = write(folder.path, 'l.json', [
      osv('A-1', 'one', range, { summary: 'new', modified: '2026-02-01T00:00:00Z' }),
      osv('A-1', 'one', range, { summary: 'old', modified: '2025-02-01T00:00:00Z' }),
      osv('A-2', 'one', range, { withdrawn: '2026-01-01T00:00:00Z' }),
    ]);
    const output = join(folder.path, 'x.db');
    const summary = await importAdvisories({ inputs: [file], output });
    expect(summary).toMatchObject({ advisories: 1, withdrawn: 1, superseded: 1 });
    const database = openAdvisories(output);
    expect(database.lookup('npm', 'one').map((match) => match.advisory.summary)).toEqual(['new']);
    database.close();
  });

  it('marks what is known to be exploited through any number of aliases', async () => {
    using folder = temporaryFolder();
    const file = write(folder.path, 'l.json', [
      osv('GO-1', 'one', range, { aliases: ['GHSA-1'] }),
      osv('GHSA-1', 'one', range, { aliases: ['CVE-1'] }),
      osv('GHSA-2', 'two', range, { aliases: ['CVE-2'] }),
    ]);
    const kev = write(folder.path, 'kev.json', {
      catalogVersion: '2026',
      vulnerabilities: [{ cveID: 'CVE-1' }],
    });
    const output = join(folder.path, 'x.db');
    await importAdvisories({ inputs: [file, kev], output });
    const database = openAdvisories(output);
    expect(database.lookup('npm', 'one').map((match) => match.advisory.knownExploited)).toEqual([true, true]);
    expect(database.lookup('npm', 'two').map((match) => match.advisory.knownExploited)).toEqual([false]);
    expect(database.byId('CVE-1').map((advisory) => advisory.id)).toEqual(['GHSA-1']);
    database.close();
  });

  it('computes severity from vectors, and from words where there is none', async () => {
    using folder = temporaryFolder();
    const file = write(folder.path, 'l.json', [
      osv('A-1', 'p', range, { severity: [{ type: 'CVSS_V3', score: vectors.critical }] }),
      osv('A-2', 'p', range, {
        severity: [
          { type: 'CVSS_V4', score: 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N' },
        ],
      }),
      osv('A-3', 'p', range, { severity: [{ type: 'CVSS_V2', score: 'AV:N/AC:L/Au:N/C:P/I:N/A:N' }] }),
      osv('A-4', 'p', range, {
        severity: [{ type: 'CVSS_V3', score: 'nonsense' }],
        database_specific: { severity: 'MODERATE' },
      }),
      osv('A-5', 'p', range),
      osv('MAL-6', 'p', range),
    ]);
    const output = join(folder.path, 'x.db');
    await importAdvisories({ inputs: [file], output });
    const database = openAdvisories(output);
    const all = database
      .lookup('npm', 'p')
      .map(({ advisory }) => [advisory.id, advisory.severity, advisory.score]);
    expect(all).toEqual([
      ['A-1', 'critical', 9.8],
      ['A-2', 'critical', 9.3],
      ['A-3', 'medium', 5],
      ['A-4', 'medium', null],
      ['A-5', 'unknown', null],
      ['MAL-6', 'critical', null],
    ]);
    database.close();
  });

  it('keeps the old database when an input is missing, damaged or empty', async () => {
    using folder = temporaryFolder();
    const good = write(folder.path, 'good.json', osv('A-1', 'one', range));
    const output = join(folder.path, 'x.db');
    await importAdvisories({ inputs: [good], output });
    const before = readFileSync(output);
    execFileSync('tar', ['czf', join(folder.path, 'a.tar.gz'), '-C', folder.path, 'good.json']);
    truncateSync(join(folder.path, 'a.tar.gz'), 100);
    const bomb = write(folder.path, 'b.zip', 'PK nothing');
    const wrong: [string[], string][] = [
      [[good, join(folder.path, 'absent')], 'not-found'],
      [[good, join(folder.path, 'a.tar.gz')], 'invalid-archive'],
      [[good, bomb], 'invalid-archive'],
      [[write(folder.path, 'empty.json', '[]')], 'invalid-advisories'],
      [[write(folder.path, 'x.bin', 'x')], 'invalid-advisories'],
    ];
    for (const [inputs, code] of wrong) {
      await expect(importAdvisories({ inputs, output })).rejects.toMatchObject({ code });
    }
    expect(readFileSync(output).equals(before)).toBe(true);
    expect(readdirSync(folder.path).filter((name) => /tmp|spool/.test(name))).toEqual([]);
  });

  it('that is killed leaves the old database, and the next one clears up after it', async () => {
    using folder = temporaryFolder();
    const at = (name: string) => join(folder.path, name);
    const records = (count: number) =>
      JSON.stringify(Array.from({ length: count }, (_, i) => osv(`A-${i}`, `p-${i}`, [{ introduced: '0' }])));
    writeFileSync(at('few.json'), records(1));
    writeFileSync(at('many.json'), records(12_000));
    const output = at('x.kydb');
    await importAdvisories({ inputs: [at('few.json')], output });
    const old = readFileSync(output);
    const module = join(import.meta.dirname, 'import.ts');
    const program = `const { importAdvisories } = await import(${JSON.stringify(module)}); await importAdvisories({ inputs: [process.argv[1]], output: process.argv[2] });`;
    for (const moment of ['.spool', '.tmp']) {
      const args = ['--input-type=module', '--eval', program, '--', at('many.json'), output];
      const child = spawn(process.execPath, args, { stdio: 'ignore' });
      const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
      const written = (name: string) => name.endsWith(moment) && statSync(at(name)).size > 1000;
      while (child.exitCode === null && !readdirSync(folder.path).some(written)) await delay(1);
      child.kill('SIGKILL');
      expect(await ended).toBe('SIGKILL');
      expect(readFileSync(output).equals(old)).toBe(true);
      expect(readdirSync(folder.path).length).toBeGreaterThan(3);
    }
    await importAdvisories({ inputs: [at('many.json')], output });
    expect(readdirSync(folder.path).toSorted()).toEqual(['few.json', 'many.json', 'x.kydb']);
    const database = openAdvisories(output);
    expect(database.info.advisories).toBe(12_000);
    database.close();
  });

  it('reports documents that are no advisory instead of stopping', async () => {
    using folder = temporaryFolder();
    write(folder.path, 'r/good.json', osv('A-1', 'one', range));
    write(folder.path, 'r/half.json', '{"id":');
    write(folder.path, 'r/other.json', '{"hello":1}');
    const summary = await importAdvisories({
      inputs: [join(folder.path, 'r')],
      output: join(folder.path, 'x.db'),
    });
    expect(summary.skipped).toBe(2);
    expect(summary.unreadable.map((each) => each.source.split('/').at(-1))).toEqual([
      'half.json',
      'other.json',
    ]);
  });
});

describe('opening a database', () => {
  async function made(folder: string): Promise<string> {
    const records = Array.from({ length: 300 }, (_, i) =>
      osv(`A-${i}`, `name-${i % 70}`, range, { summary: `${i} `.repeat(40) }),
    );
    const output = join(folder, 'x.db');
    await importAdvisories({ inputs: [write(folder, 'l.json', records)], output });
    return output;
  }

  it('refuses a missing, an empty and a foreign file', () => {
    using folder = temporaryFolder();
    expect(() => openAdvisories(join(folder.path, 'absent'))).toThrow(
      expect.objectContaining({ code: 'database-missing' }),
    );
    expect(() => openAdvisories(write(folder.path, 'empty', ''))).toThrow(
      expect.objectContaining({ code: 'database-empty' }),
    );
    expect(() => openAdvisories(write(folder.path, 'other', 'SQLite format 3'))).toThrow(
      expect.objectContaining({ code: 'database-format' }),
    );
    expect(() => openAdvisories(folder.path)).toThrow(expect.objectContaining({ code: 'database-format' }));
  });

  it('refuses a file cut at any length', async () => {
    using folder = temporaryFolder();
    const output = await made(folder.path);
    const whole = readFileSync(output);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: whole.length - 1 }), (length) => {
        const cut = write(folder.path, 'cut.db', whole.subarray(0, length));
        expect(() => openAdvisories(cut)).toThrow(expect.objectContaining({ code: 'database-truncated' }));
      }),
      { numRuns: 60 },
    );
  });

  it('refuses a file with any one byte changed', async () => {
    using folder = temporaryFolder();
    const whole = readFileSync(await made(folder.path));
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: whole.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, change) => {
          const changed = Buffer.from(whole);
          changed[at] = changed[at]! ^ change;
          const path = write(folder.path, 'changed.db', changed);
          expect(() => openAdvisories(path)).toThrow(
            expect.objectContaining({ code: expect.stringMatching(/^database-(digest|truncated|format)$/) }),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('refuses a whole file of another format instead of finding nothing in it', async () => {
    using folder = temporaryFolder();
    const whole = readFileSync(await made(folder.path));
    const older = write(folder.path, 'older.db', Buffer.concat([Buffer.from('KYDAIAD1'), whole.subarray(8)]));
    expect(() => openAdvisories(older)).toThrow(expect.objectContaining({ code: 'database-format' }));
  });

  it('finds every package of many, and no other', async () => {
    using folder = temporaryFolder();
    const database = openAdvisories(await made(folder.path));
    for (let i = 0; i < 70; i += 1)
      expect(database.lookup('npm', `name-${i}`).length).toBeGreaterThanOrEqual(4);
    expect(database.lookup('npm', 'name-70')).toEqual([]);
    expect(database.lookup('PyPI', 'name-1')).toEqual([]);
    database.close();
    expect(existsSync(database.info.file)).toBe(true);
  });
});
