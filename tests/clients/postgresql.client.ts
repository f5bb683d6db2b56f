import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, type Program, startProgram, temporaryFolder } from '../program.ts';
import { type Postgresql, startPostgresql } from '../servers/postgresql.ts';
import { type Checks, command as execute } from './checks.ts';
import { enrol, operatorHeaders } from './operated.ts';

const main = join(import.meta.dirname, '../../packages/kydai/src/main.ts');

/**
 * The whole program with its records in a real PostgreSQL: it enrols, contains, is killed and goes on; the database is
 * restarted under it; and a backup that was made meanwhile is restored into an empty database, and into a file.
 */
export async function run(_program: Program, checks: Checks): Promise<void> {
  const server = await startPostgresql();
  checks.ok('PostgreSQL is installed (Debian: postgresql)', server !== undefined);
  if (server === undefined) return;
  try {
    await city(server, checks);
  } finally {
    await server.stop();
  }
}

async function city(server: Postgresql, checks: Checks): Promise<void> {
  const folder = temporaryFolder();
  const url = server.database('hue');
  const of = (name: string) => ({
    KYDAI_RECORDS_STORE: 'postgres',
    KYDAI_RECORDS_POSTGRES_URL: name,
    KYDAI_RECORDS_POSTGRES_PASSWORD: server.password,
    KYDAI_BACKUP_PASSPHRASE: 'a long passphrase for backups',
  });
  const environment = of(url);
  const wrong = await refused({ ...environment, KYDAI_RECORDS_POSTGRES_PASSWORD: 'hunter2hunter2' });
  checks.matches('a wrong password is told of', wrong, /database cannot be reached/);
  checks.ok('and not shown', !wrong.includes('hunter2'), wrong);
  const open = await refused({ ...environment, KYDAI_RECORDS_POSTGRES_URL: url.replace('@', ':x@') });
  checks.matches(
    'a password in the address is refused',
    open,
    /records\.postgres\.url.*password in a setting of its own/,
  );

  let program = await startProgram({ folder, environment });
  checks.equal('thirty devices enrol', await enrolled(program, 'first', 30), 30);
  const drill = await program.cli('drill', 'stolen-certificate');
  checks.matches('a drill ends with a revoked certificate', drill.stdout, /revoked/i);
  const before = await counts(program);
  checks.ok('there is an incident', before.incidents > 0);
  checks.matches('the audit log is whole', (await program.cli('audit', 'verify')).stdout, /intact/i);
  const copied = temporaryFolder();
  cpSync(join(folder, 'data'), join(copied, 'data'), { recursive: true });
  rmSync(join(copied, 'data/lock'));
  checks.matches(
    'a copy of the folder does not start beside it',
    await refused(environment, copied),
    /another program works with the records/,
  );
  checks.ok('no record is in a file', !existsSync(join(folder, 'data/records.sqlite')));
  checks.ok(
    'the certificates are in the database',
    Number(server.sql('hue', 'select count(*) from r_certificates')) >= before.certificates,
  );

  program = await program.restart('SIGKILL');
  const after = await counts(program);
  // It certifies itself as well: its responders, and its listeners.
  const kept = after.certificates >= before.certificates && after.devices === before.devices;
  checks.ok(
    'killed, it has lost nothing',
    kept && after.incidents === before.incidents,
    JSON.stringify({ before, after }),
  );
  checks.matches('and its log is whole', (await program.cli('audit', 'verify')).stdout, /intact/i);
  checks.equal('and devices enrol', await enrolled(program, 'second', 5), 5);

  await server.stop();
  const away = await fetch(`${program.addresses.http}/api/v1/certificates`, {
    headers: operatorHeaders(program),
  });
  checks.ok('without the database it says so', away.status >= 500, String(away.status));
  await server.start();
  await eventually(async () => (await enrolled(program, `back-${Date.now()}`, 1)) === 1);
  checks.equal('and works again with it', await enrolled(program, 'third', 5), 5);

  await backups(program, of, server, checks);

  checks.equal('it stops', await program.stop('SIGINT'), 0);
  checks.matches(
    'a new city does not take over the records of another',
    await refused(environment),
    /records of a city whose keys are not in/,
  );
  checks.matches(
    'and a city does not begin anew where its records are missing',
    await refused(of(server.database('empty')), folder),
    /the database is empty/,
  );
}

async function backups(
  program: Program,
  of: (url: string) => Record<string, string>,
  server: Postgresql,
  checks: Checks,
): Promise<void> {
  let busy = true;
  let more = 0;
  const enrolling = (async () => {
    while (busy) more += await enrolled(program, `busy-${more}`, 3);
  })();
  const made = await program.cli('backup', 'create', 'city.backup');
  busy = false;
  await enrolling;
  checks.equal('a backup is made while devices enrol', made.code, 0);
  checks.ok('and they did', more > 0);
  const verified = await program.cli('backup', 'verify', 'city.backup');
  checks.matches('it restores', verified.stdout + verified.stderr, /audit log intact[\s\S]*authorities sign/);

  const { folder } = program;
  const command =
    (environment: Record<string, string>) =>
    (...args: string[]) =>
      execute(folder, process.execPath, [main, ...args], {
        KYDAI_DATA: join(folder, 'data'),
        ...environment,
      });
  const url = server.database('restored');
  const inDatabase = command(of(url));
  const restored = await inDatabase('backup', 'restore', 'city.backup', 'restored/data');
  checks.matches('it is restored into an empty database', restored.output, /Restored: audit log intact/);
  checks.ok('and not into a file', !existsSync(join(folder, 'restored/data/records.sqlite')));
  checks.matches(
    'but not over records',
    (await inDatabase('backup', 'restore', 'city.backup', 'again/data')).output,
    /holds records already/,
  );
  const inFile = command({ ...of(url), KYDAI_RECORDS_STORE: 'sqlite' });
  checks.matches(
    'it is restored into a file, too',
    (await inFile('backup', 'restore', 'city.backup', 'filed/data')).output,
    /Restored: audit log intact/,
  );
  // From a file to a database, which is also how a city moves there.
  const moved = server.database('moved');
  const filed = command({
    KYDAI_BACKUP_PASSPHRASE: of(url)['KYDAI_BACKUP_PASSPHRASE']!,
    KYDAI_DATA: join(folder, 'filed/data'),
  });
  checks.equal('a city with a file is backed up', (await filed('backup', 'create', 'filed.backup')).code, 0);
  checks.matches(
    'and moves to a database',
    (await command(of(moved))('backup', 'restore', 'filed.backup', 'moved/data')).output,
    /Restored: audit log intact/,
  );
  // Without them there is nothing to start on.
  if (checks.failures.length > 0) return;
  const now = await counts(program);
  for (const [name, environment] of [
    ['restored', of(url)],
    ['moved', of(moved)],
    ['filed', { KYDAI_BACKUP_PASSPHRASE: 'a long passphrase for backups' }],
  ] as const) {
    const city = await startProgram({ folder: join(folder, name), environment });
    const has = await counts(city);
    checks.ok(
      `${name}: it knows the city`,
      has.certificates > 40 && has.certificates <= now.certificates && has.incidents === now.incidents,
      JSON.stringify({ has, now }),
    );
    checks.matches(`${name}: its log is whole`, (await city.cli('audit', 'verify')).stdout, /intact/i);
    const found = await city.cli('pki', 'list', '--device', 'first-7', '--json');
    checks.equal(`${name}: it finds by index`, (JSON.parse(found.stdout) as unknown[]).length, 1);
    checks.equal(`${name}: devices enrol`, await enrolled(city, 'after', 3), 3);
    checks.equal(`${name}: it stops`, await city.stop('SIGINT'), 0);
  }
}

async function enrolled(program: Program, prefix: string, count: number): Promise<number> {
  try {
    const answers = await enrol(
      program,
      Array.from({ length: count }, (_, n) => `${prefix}-${n}`),
    );
    return answers.filter(({ status }) => status === 200).length;
  } catch {
    return 0;
  }
}

async function counts(
  program: Program,
): Promise<{ certificates: number; incidents: number; devices: number }> {
  const total = async (path: string) => {
    const answer = await fetch(`${program.addresses.http}/api/v1/${path}`, {
      headers: operatorHeaders(program),
    });
    return ((await answer.json()) as { total: number }).total;
  };
  return {
    certificates: await total('certificates?status=all&limit=1'),
    incidents: await total('incidents?state=all&limit=1'),
    devices: await total('devices?limit=1'),
  };
}

/** What the program prints that does not start. */
async function refused(environment: Record<string, string>, folder = temporaryFolder()): Promise<string> {
  try {
    const program = await startProgram({ folder, environment });
    await program.stop();
    return 'it started';
  } catch (error) {
    return String(error);
  }
}
