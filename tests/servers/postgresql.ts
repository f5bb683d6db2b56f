import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from '../program.ts';

const installed = '/usr/lib/postgresql';

/** A PostgreSQL of its own on a loopback port, whose user `kydai` signs in with a password. */
export interface Postgresql {
  readonly port: number;
  readonly password: string;
  /** `postgres://kydai@127.0.0.1:PORT/NAME`, of a database that was made empty. */
  database(name: string): string;
  /** Runs SQL as the superuser; what it prints, without decoration. */
  sql(database: string, text: string): string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the newest PostgreSQL that Debian's `postgresql` has installed; undefined where there is none. */
export async function startPostgresql(): Promise<Postgresql | undefined> {
  const versions = existsSync(installed) ? readdirSync(installed) : [];
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  if (newest === undefined) return undefined;
  const programs = join(installed, newest, 'bin');
  const folder = temporaryFolder();
  // The server refuses to run as root.
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  const who = process.getuid?.() === 0 ? { uid: id('-u'), gid: id('-g') } : {};
  if (who.uid !== undefined) chownSync(folder, who.uid, who.gid);
  const data = join(folder, 'data');
  const password = randomBytes(12).toString('base64url');
  writeFileSync(join(folder, 'password'), password);
  const settings = ['--auth-local=trust', '--auth-host=scram-sha-256', '--encoding=UTF8', '--locale=C.UTF-8'];
  const icu = ['--locale-provider=icu', '--icu-locale=vi-VN'];
  const more = ['--username=postgres', `--pwfile=${join(folder, 'password')}`];
  const options = { ...who, stdio: 'ignore', cwd: folder } as const;
  execFileSync(join(programs, 'initdb'), ['-D', data, ...settings, ...icu, ...more], options);
  const port = await freePort();
  let server: ChildProcess | undefined;
  const psql = (database: string, text: string) =>
    execFileSync(
      join(programs, 'psql'),
      ['-h', folder, '-p', String(port), '-U', 'postgres', '-d', database, '-Atqc', text],
      { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'ignore'] },
    ).trim();
  const start = async () => {
    server = spawn(
      join(programs, 'postgres'),
      ['-D', data, '-k', folder, '-p', String(port), '-c', 'listen_addresses=127.0.0.1'],
      options,
    );
    const { pid } = server;
    process.once('exit', () => server?.pid === pid && server?.kill('SIGQUIT'));
    for (let turn = 0; turn < 400; turn++) {
      try {
        psql('postgres', 'select 1');
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    throw new Error('PostgreSQL did not start');
  };
  await start();
  psql('postgres', `create role kydai login password '${password}'`);
  return {
    port,
    password,
    database(name) {
      psql('postgres', `create database ${name} owner kydai`);
      return `postgres://kydai@127.0.0.1:${port}/${name}`;
    },
    sql: psql,
    start,
    async stop() {
      if (server === undefined || server.exitCode !== null) return;
      const ended = once(server, 'close');
      server.kill('SIGINT');
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
