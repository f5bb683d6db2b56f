import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { eventually, type Program } from '../program.ts';
import { type Checks, command, shell } from './checks.ts';

const shared = join(import.meta.dirname, '../../../shared/corpora/logs/OpenSSH_2k.log.gz');

/** `logger` of util-linux and a real rsyslogd ship lines; the brute-force attack in real sshd logs is detected. */
export async function run(program: Program, checks: Checks): Promise<void> {
  const { folder, addresses } = program;
  const [host, tcp] = addresses.syslogTcp.split(':') as [string, string];
  const udp = addresses.syslogUdp.split(':')[1]!;
  const found = async (query: string, count: number) => {
    const result = await eventually(async () => {
      const { stdout } = await program.cli('search', query, '--limit', '1000', '--json');
      const lines = stdout.trim().split('\n').filter(Boolean);
      return lines.length >= count ? lines : undefined;
    }).catch(() => []);
    return result.map(
      (line) => JSON.parse(line) as { dataset: string; raw: string; fields: Record<string, unknown> },
    );
  };

  const variants: [string, string[]][] = [
    ['rfc5424-tcp', ['--tcp', '--port', tcp, '--rfc5424']],
    ['rfc5424-octets', ['--tcp', '--octet-count', '--port', tcp, '--rfc5424']],
    ['rfc3164-tcp', ['--tcp', '--port', tcp, '--rfc3164']],
    ['rfc5424-udp', ['--udp', '--port', udp, '--rfc5424']],
    ['rfc3164-udp', ['--udp', '--port', udp, '--rfc3164']],
  ];
  for (const [name, options] of variants) {
    const sent = await command(folder, 'logger', [
      '--server',
      host,
      ...options,
      '--tag',
      'kydaitest',
      `xin chào ${name}`,
    ]);
    checks.equal(`logger sends ${name}`, sent.code, 0);
    const [event] = await found(`process.name:kydaitest and "${name}"`, 1);
    checks.ok(
      `${name} is found with its text whole`,
      String(event?.fields['message']).includes(`xin chào ${name}`),
      JSON.stringify(event),
    );
  }

  await rsyslog();
  await bruteForce();

  const again = await program.restart();
  Object.assign(program, { stop: again.stop, addresses: again.addresses });
  const { stdout } = await again.cli('search', 'process.name:kydaitest', '--json');
  checks.equal(
    'after a restart every line is still there',
    stdout.trim().split('\n').length,
    variants.length,
  );

  async function rsyslog(): Promise<void> {
    const config = join(folder, 'rsyslog.conf');
    const lines = Array.from({ length: 500 }, (_, index) => `relayed line ${index}`);
    writeFileSync(join(folder, 'input.log'), '');
    writeFileSync(
      config,
      `global(workDirectory="${folder}")
module(load="imfile" PollingInterval="1")
input(type="imfile" File="${folder}/input.log" Tag="relayed:")
action(type="omfwd" target="${host}" port="${tcp}" protocol="tcp" TCP_Framing="octet-counted"
  template="RSYSLOG_SyslogProtocol23Format" action.resumeRetryCount="-1")
`,
    );
    const started = await shell(
      folder,
      `(rsyslogd -n -f ${config} -i ${folder}/rsyslog.pid > rsyslog.out 2>&1 & echo $! > rsyslog.shell)`,
    );
    checks.equal('rsyslogd starts', started.code, 0);
    try {
      await eventually(async () => existsSync(join(folder, 'rsyslog.pid')));
      writeFileSync(join(folder, 'input.log'), `${lines.join('\n')}\n`, { flag: 'a' });
      const events = await found('process.name:relayed', lines.length);
      checks.equal(
        'rsyslogd relays every line once',
        new Set(events.map(({ fields }) => fields['message'])).size,
        lines.length,
      );
      checks.equal('and none twice', events.length, lines.length);
    } finally {
      await shell(folder, 'kill "$(cat rsyslog.shell)"');
    }
  }

  async function bruteForce(): Promise<void> {
    if (!existsSync(shared)) return;
    const lines = gunzipSync(readFileSync(shared)).toString();
    writeFileSync(join(folder, 'sshd.log'), lines);
    // logger with --file sends each line as the message of a syslog frame of its own, the old header inside.
    const sent = await shell(
      folder,
      `sed -E 's/^/<38>/' sshd.log > frames.log; exec 3<>/dev/tcp/${host}/${tcp}; cat frames.log >&3; exec 3>&-`,
    );
    checks.equal('2,000 real sshd lines are sent over TCP', sent.code, 0);
    const relayed = await command(folder, 'logger', [
      '--server',
      host,
      '--tcp',
      '--port',
      tcp,
      '--rfc5424',
      '--tag',
      'sshd',
      '--file',
      'sshd.log',
    ]);
    checks.equal('and again by logger', relayed.code, 0);
    const events = await found('event.dataset:sshd.auth or process.name:sshd', 1000);
    checks.ok(
      'they are parsed as sshd',
      events.some(({ fields }) => fields['source.ip'] !== undefined),
    );
    const addresses = await eventually(async () => {
      const { stdout } = await program.cli('incidents', '--all', '--json');
      const incidents = JSON.parse(stdout) as {
        category: string;
        entities: { type: string; id: string }[];
      }[];
      const brute = incidents.filter(({ category }) => category === 'brute-force');
      const all = brute
        .flatMap(({ entities }) => entities)
        .filter(({ type }) => type === 'address')
        .map(({ id }) => id);
      return all.length >= 3 ? all : undefined;
    }).catch(() => [] as string[]);
    // The three addresses with most failures in these logs, by `grep 'Failed password' | ... | sort | uniq -c`.
    for (const address of ['183.62.140.253', '187.141.143.180', '103.99.0.122']) {
      checks.ok(
        `the brute force from ${address} is an incident`,
        addresses.includes(address),
        addresses.join(' '),
      );
    }
  }
}
