import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../config/load.ts';
import { backupCommands } from './ready.ts';
import { backupsView, standingOf } from './standing.ts';
import { type Backup, backupTimes, noteBackup, noteFailure, readBackups } from './state.ts';

const day = 86_400_000;
const now = Date.UTC(2026, 10, 22);
const proof = { at: now, entries: 9, checkpoints: 2, events: 5 };
const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const made = (n: number, days: number, more: Partial<Backup> = {}): Backup => ({
  id: id(n),
  made: now - days * day,
  file: `/backups/${n}.backup`,
  bytes: 100,
  ...more,
});
const failed = { at: now, why: 'the backup is cut off' };

describe('how a city stands with its backups', () => {
  it('is told by the newest backup that restores, not by the newest one', () => {
    expect(standingOf([], now)).toBe('none');
    expect(standingOf([made(1, 1)], now)).toBe('unproven');
    expect(standingOf([made(1, 8)], now)).toBe('overdue');
    expect(standingOf([made(1, 1, { proven: proof })], now)).toBe('proven');
    expect(standingOf([made(2, 0), made(1, 6, { proven: proof })], now)).toBe('proven');
    expect(standingOf([made(2, 0), made(1, 8, { proven: proof })], now)).toBe('due');
    // Proven today, and yet all of the past weeks would be lost.
    expect(standingOf([made(1, 40, { proven: proof })], now)).toBe('overdue');
  });

  it('is bad where the newest failed its proof, and was never proven by one that failed later', () => {
    expect(standingOf([made(2, 0, { failed }), made(1, 1, { proven: proof })], now)).toBe('failed');
    expect(backupTimes([made(1, 1, { proven: proof, failed })])).toEqual({
      created: now - day,
      proven: undefined,
      covers: undefined,
    });
  });
});

describe('what is remembered of backups', () => {
  let data: string;
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'kydai-backups-'));
    mkdirSync(join(data, 'keys'));
  });
  afterEach(() => rmSync(data, { recursive: true, force: true }));

  it('is one entry for each backup, the newest first, and nothing of a file that cannot be read', () => {
    expect(readBackups(data)).toEqual([]);
    noteBackup(data, made(1, 2));
    noteBackup(data, made(2, 1));
    noteBackup(data, made(1, 2, { proven: proof }));
    noteFailure(data, '/backups/2.backup', failed);
    noteFailure(data, '/backups/unknown.backup', failed);
    expect(readBackups(data).map((each) => [each.id, each.proven?.entries, each.failed?.why])).toEqual([
      [id(2), undefined, failed.why],
      [id(1), 9, undefined],
    ]);
    writeFileSync(join(data, 'backup.json'), '{"backups":[{}]}');
    expect(readBackups(data)).toEqual([]);
  });

  it('keeps no more than some hundred', () => {
    writeFileSync(
      join(data, 'backup.json'),
      JSON.stringify({ backups: Array.from({ length: 400 }, (_, n) => made(n + 1, n + 1)) }),
    );
    noteBackup(data, made(500, 0));
    expect(readBackups(data)).toHaveLength(400);
    expect(readBackups(data)[0]?.id).toBe(id(500));
    expect(readBackups(data).at(-1)?.id).toBe(id(399));
  });

  it('says where a backup lies and what no backup holds', () => {
    const file = join(data, 'here.backup');
    writeFileSync(file, 'x');
    noteBackup(data, made(1, 1, { file }));
    noteBackup(data, made(2, 2));
    writeFileSync(join(data, 'keys/audit.token.json'), JSON.stringify({ id: 'audit', token: 'hue-ca' }));
    const config = loadConfig({ file: 'none.yaml', required: false, environment: { KYDAI_DATA: data } });
    const view = backupsView(config, now);
    expect(view.items.map(({ place }) => place)).toEqual(['beside', 'away']);
    expect(view.notInIt).toEqual([{ what: 'keys-in-token', name: 'hue-ca' }]);
    expect(view).toMatchObject({ standing: 'unproven', created: now - day, proven: null, covers: null });
  });
});

describe('the commands that are ready to run', () => {
  const newest = made(1, 1, { file: "/mnt/it's here/1.backup", passphraseFile: '/etc/kydai backup.pass' });

  it('are words of a shell whatever folders are called', () => {
    const commands = backupCommands({ workingFolder: "/srv/ca's $(id)", data: 'my data', newest });
    for (const text of [commands.create, commands.verify!]) execFileSync('sh', ['-n', '-c', text]);
    const [there] = commands.create.split('\n');
    const said = execFileSync('sh', ['-c', there!.replace('cd ', 'printf %s ')], { encoding: 'utf8' });
    expect(said).toBe("/srv/ca's $(id)");
    const words = commands.verify!.split('\n')[1]!.replace(/^.*npx/, "printf '%s|'");
    expect(execFileSync('sh', ['-c', words], { encoding: 'utf8' })).toBe(
      "kydai|backup|verify|/mnt/it's here/1.backup|--passphrase-file|/etc/kydai backup.pass|",
    );
    expect(commands.create).toContain("KYDAI_DATA='my data' npx kydai backup create");
  });

  it('prove nothing where there is no backup', () => {
    expect(
      backupCommands({ workingFolder: '/srv', data: 'kydai-data', newest: undefined }).verify,
    ).toBeNull();
  });

  it('stay one line of a crontab, where a per cent sign ends the command unless escaped', () => {
    const { nightly } = backupCommands({ workingFolder: '/srv', data: 'kydai-data', newest });
    expect(nightly).not.toMatch(/(?<!\\)%|\n/);
  });
});
