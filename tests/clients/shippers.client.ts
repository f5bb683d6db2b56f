import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, type Program } from '../program.ts';
import { type Checks, shell } from './checks.ts';

const count = 300;

/**
 * rsyslog over TLS with a certificate of our authority (both of its TLS drivers), syslog-ng over UDP, TCP and TLS, and
 * the journal of systemd by `kydai ship`. Every line arrives once, under the account of who sent it.
 */
export async function run(program: Program, checks: Checks): Promise<void> {
  const { folder, addresses } = program;
  const [host, tls] = addresses.syslogTls.split(':') as [string, string];
  const tcp = addresses.syslogTcp.split(':')[1]!;
  const udp = addresses.syslogUdp.split(':')[1]!;
  const children: ChildProcess[] = [];
  const found = async (query: string) => {
    const { stdout } = await program.cli('search', query, '--limit', '1000', '--json');
    const lines = stdout.trim().split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as { source: string; fields: Record<string, unknown> });
  };
  /** Every line of `tag` came once, and from the source that is meant. */
  const arrived = async (tag: string, source: string) => {
    const events = await eventually(async () => {
      const all = await found(`process.name:${tag}`);
      return all.length >= count ? all : undefined;
    }, 30_000).catch(() => found(`process.name:${tag}`));
    checks.equal(
      `${tag}: every line arrives`,
      new Set(events.map(({ fields }) => fields['message'])).size,
      count,
    );
    checks.equal(`${tag}: none twice`, events.length, count);
    checks.equal(`${tag}: the account is that of the sender`, events[0]?.source, source);
  };
  const write = (file: string) =>
    appendFileSync(file, Array.from({ length: count }, (_, n) => `line ${n} xin chào\n`).join(''));
  const run = (name: string, file: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) => {
    const child = spawn(file, args, {
      cwd: folder,
      env: { ...process.env, ...environment },
      stdio: 'ignore',
    });
    child.once('error', (error) => checks.fail(`${name} starts`, String(error)));
    process.once('exit', () => child.kill('SIGKILL'));
    children.push(child);
    return child;
  };

  await shell(folder, `curl -fsS ${addresses.status}/pki/ca/root.pem -o root.pem`);
  for (const device of ['relay-1', 'relay-2']) {
    const token = await program.cli('pki', 'token', device, '--kind', 'gateway', '--zone', 'district-1');
    const enrolled = await shell(folder, token.stdout.slice(token.stdout.indexOf('  curl ')));
    checks.equal(`${device} enrols`, enrolled.code, 0);
  }

  try {
    for (const driver of ['ossl', 'gtls']) await rsyslog(driver);
    await syslogNg();
    await journal();
    await revoked();
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }

  async function rsyslog(driver: string): Promise<void> {
    const tag = `rsyslog-${driver}`;
    const input = join(folder, `${tag}.log`);
    writeFileSync(input, '');
    writeFileSync(
      join(folder, `${tag}.conf`),
      `global(workDirectory="${folder}" DefaultNetstreamDriver="${driver}"
  DefaultNetstreamDriverCAFile="${folder}/root.pem"
  DefaultNetstreamDriverCertFile="${folder}/relay-1.pem"
  DefaultNetstreamDriverKeyFile="${folder}/relay-1.key")
module(load="imfile" PollingInterval="1")
input(type="imfile" File="${input}" Tag="${tag}:")
action(type="omfwd" target="${host}" port="${tls}" protocol="tcp" TCP_Framing="octet-counted"
  StreamDriver="${driver}" StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="localhost"
  template="RSYSLOG_SyslogProtocol23Format" action.resumeRetryCount="-1")
`,
    );
    run(tag, 'rsyslogd', ['-n', '-f', `${tag}.conf`, '-i', join(folder, `${tag}.pid`)]);
    await delay(1500);
    write(input);
    await arrived(tag, 'syslog-tls/relay-1');
  }

  /** Debian has it, but not beside rsyslog; so its package is unpacked, not installed. */
  async function syslogNg(): Promise<void> {
    const unpacked = await shell(
      folder,
      'mkdir -p ng && cd ng && apt-get download -qq syslog-ng-core && dpkg -x syslog-ng-core_*.deb root',
    );
    checks.equal('syslog-ng is unpacked', unpacked.code, 0);
    if (unpacked.code !== 0) return;
    const root = join(folder, 'ng/root');
    const destinations: [string, string][] = [
      ['ng-tcp', `network("${host}" port(${tcp}) transport("tcp"))`],
      ['ng-udp', `syslog("${host}" port(${udp}) transport("udp"))`],
      [
        'ng-tls',
        `syslog("${host}" port(${tls}) transport("tls") tls(ca-file("${folder}/root.pem") key-file("${folder}/relay-2.key")
           cert-file("${folder}/relay-2.pem") peer-verify(required-trusted)))`,
      ],
    ];
    const blocks = destinations.map(([tag, destination]) => {
      writeFileSync(join(folder, `${tag}.log`), '');
      return `log { source { file("${folder}/${tag}.log" follow-freq(0.2) program-override("${tag}") flags(no-parse)); };
        destination { ${destination}; }; };`;
    });
    writeFileSync(
      join(folder, 'ng.conf'),
      `@version: 3.38\noptions { keep-hostname(yes); };\n${blocks.join('\n')}\n`,
    );
    const libraries = ['usr/lib/syslog-ng', 'usr/lib/syslog-ng/3.38'].map((at) => join(root, at));
    mkdirSync(join(folder, 'ng/var'));
    run(
      'syslog-ng',
      join(root, 'usr/sbin/syslog-ng'),
      [
        '--foreground', '--no-caps', `--cfgfile=${folder}/ng.conf`, `--persist-file=${folder}/ng/var/persist`,
        `--pidfile=${folder}/ng/var/pid`, `--control=${folder}/ng/var/ctl`, `--module-path=${libraries[1]}`,
      ],
      { LD_LIBRARY_PATH: libraries.join(':') },
    ); // biome-ignore format: options in few lines
    await delay(1500);
    for (const [tag] of destinations) write(join(folder, `${tag}.log`));
    await arrived('ng-tcp', 'syslog-tcp/127.0.0.1');
    await arrived('ng-udp', 'syslog-udp/127.0.0.1');
    await arrived('ng-tls', 'syslog-tls/relay-2');
  }

  /** Journal files made by systemd's own writer, read by its own reader. */
  async function journal(): Promise<void> {
    const entry = (n: number) =>
      [
        `__REALTIME_TIMESTAMP=${(Date.now() - 60_000 + n) * 1000}`,
        `__MONOTONIC_TIMESTAMP=${n + 1}`,
        '_BOOT_ID=6a1b9a527f2c4f0e9c1e0e6f2f6f7a01',
        '_HOSTNAME=gw-9', 'SYSLOG_IDENTIFIER=journaltest', 'SYSLOG_FACILITY=4', 'PRIORITY=5', '_PID=77',
        `MESSAGE=line ${n} xin chào`, '', '',
      ].join('\n'); // biome-ignore format: one field each
    writeFileSync(join(folder, 'export.txt'), Array.from({ length: count }, (_, n) => entry(n)).join(''));
    const made = await shell(
      folder,
      'mkdir -p journal && /lib/systemd/systemd-journal-remote -o journal/remote.journal - < export.txt',
    );
    checks.equal('a journal is written', made.code, 0);
    const ship = () =>
      program.cli('ship', '--journal', '--journal-folder', join(folder, 'journal'), '--once');
    const first = await ship();
    checks.matches('kydai ship ships the journal', first.stdout, new RegExp(`^${count} lines shipped$`, 'm'));
    if (first.code !== 0) checks.fail('kydai ship --journal', first.stderr);
    checks.matches('and goes on after its cursor', (await ship()).stdout, /^0 lines shipped$/m);
    await arrived('journaltest', 'http/127.0.0.1');
  }

  async function revoked(): Promise<void> {
    const read = await shell(folder, 'openssl x509 -in relay-1.pem -noout -serial');
    const serial = read.output.trim().replace('serial=', '').toLowerCase();
    checks.equal('relay-1 is revoked', (await program.cli('pki', 'revoke', serial)).code, 0);
    appendFileSync(join(folder, 'rsyslog-ossl.log'), 'line after the revocation\n');
    await delay(3000);
    const late = await found('process.name:rsyslog-ossl and "after the revocation"');
    checks.equal('rsyslog with a revoked certificate is cut off at once', late.length, 0);
  }
}
