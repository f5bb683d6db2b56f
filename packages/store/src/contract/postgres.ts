import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const installed = '/usr/lib/postgresql';

/** The folder of the newest PostgreSQL that Debian has installed; undefined without one. */
export function postgresPrograms(): string | undefined {
  if (!existsSync(installed)) return undefined;
  const versions = readdirSync(installed).filter((name) =>
    existsSync(join(installed, name, 'bin', 'initdb')),
  );
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  return newest && join(installed, newest, 'bin');
}

export interface PostgresServer {
  /** Of a database with the ICU collation `vi-VN`, so that nothing rests on bytewise collation by default. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a server of its own in a new folder, on a socket in that folder and no network port. */
export async function startPostgres(programs: string): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'kydai-pg-'));
  // The server refuses to run as root.
  const root = process.getuid?.() === 0;
  const who = root ? { uid: number('-u'), gid: number('-g') } : {};
  if (root) chownSync(folder, who.uid!, who.gid!);
  const data = join(folder, 'data');
  const settings = [
    '--auth=trust',
    '--username=kydai',
    '--encoding=UTF8',
    '--locale-provider=icu',
    '--icu-locale=vi-VN',
    '--locale=C.UTF-8',
  ];
  execFileSync(join(programs, 'initdb'), ['-D', data, ...settings, '--no-sync'], {
    ...who,
    stdio: 'ignore',
    cwd: folder,
  });
  const server: ChildProcess = spawn(
    join(programs, 'postgres'),
    ['-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'fsync=off', '-c', 'shared_buffers=16MB'],
    { ...who, stdio: 'ignore', cwd: folder },
  );
  const ended = new Promise<void>((resolve) => server.once('close', () => resolve()));
  for (let turn = 0; turn < 200 && !ready(programs, folder); turn++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return {
    url: `postgres://kydai@/postgres?host=${encodeURIComponent(folder)}`,
    async stop() {
      server.kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function number(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
}

function ready(programs: string, folder: string): boolean {
  try {
    execFileSync(join(programs, 'pg_isready'), ['-h', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
