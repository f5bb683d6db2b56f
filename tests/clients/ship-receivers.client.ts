import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { eventually, type Program } from '../program.ts';
import { type Checks, shell } from './checks.ts';

const main = join(import.meta.dirname, '../../packages/kydai/src/main.ts');
const lines = 5000;

/**
 * `kydai ship` to other people's collectors over syslog with TLS and certificates on both sides: rsyslog with both of its
 * drivers, GnuTLS (which ends connections without a `close_notify`) and OpenSSL. Every line arrives, also over a restart of
 * the collector while lines come.
 */
export async function run({ folder }: Program, checks: Checks): Promise<void> {
  const made = await shell(
    folder,
    `ec() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout $1.key "\${@:2}"; }
     ec authority -x509 -days 2 -out ca.pem
     printf 'subjectAltName=IP:127.0.0.1' > names
     ec collector -out collector.csr
     openssl x509 -req -in collector.csr -CA ca.pem -CAkey authority.key -days 2 -extfile names -out collector.pem
     ec gw-1 -out gw-1.csr
     openssl x509 -req -in gw-1.csr -CA ca.pem -CAkey authority.key -days 2 -out gw-1.pem
     cat gw-1.key gw-1.pem > identity.pem`,
  );
  checks.equal('certificates are made', made.code, 0);
  const children = new Set<ChildProcess>();
  process.once('exit', () => {
    for (const child of children) child.kill('SIGKILL');
  });
  for (const driver of ['gtls', 'ossl']) await receiver(driver);

  async function receiver(driver: string): Promise<void> {
    const port = await freePort();
    const file = (ending: string) => join(folder, `${driver}.${ending}`);
    writeFileSync(
      file('conf'),
      `global(workDirectory="${folder}" DefaultNetstreamDriver="${driver}" DefaultNetstreamDriverCAFile="${folder}/ca.pem"
  DefaultNetstreamDriverCertFile="${folder}/collector.pem" DefaultNetstreamDriverKeyFile="${folder}/collector.key")
module(load="imtcp" StreamDriver.Name="${driver}" StreamDriver.Mode="1" StreamDriver.AuthMode="x509/name" PermittedPeer="gw-1")
template(name="message" type="string" string="%msg%\\n")
input(type="imtcp" address="127.0.0.1" port="${port}")
action(type="omfile" file="${file('received')}" template="message")
`,
    );
    writeFileSync(file('log'), '');
    let collector = await start();
    const shipper = track(
      spawn(
        process.execPath,
        [
          ...[main, 'ship', file('log'), '--state', file('state'), '--to', `syslog-tls://127.0.0.1:${port}`],
          ...['--ca', join(folder, 'ca.pem'), '--identity', join(folder, 'identity.pem')],
        ],
        { cwd: folder, stdio: 'ignore' },
      ),
    );
    append(0);
    await arrived(lines);
    append(lines);
    await stop(collector, 'SIGTERM');
    append(2 * lines);
    collector = await start();
    const received = await arrived(3 * lines);
    checks.equal(`rsyslog ${driver}: every line arrives`, new Set(received).size, 3 * lines);
    const twice = received.length - new Set(received).size;
    checks.ok(`rsyslog ${driver}: what comes twice is one group at most`, twice <= 10_000, `${twice} twice`);
    checks.equal(`rsyslog ${driver}: the shipper ends when told to`, await stop(shipper, 'SIGTERM'), 0);
    await stop(collector, 'SIGKILL');

    function append(from: number): void {
      const text = Array.from({ length: lines }, (_, n) => `${driver} line <${from + n}> xin chào\n`);
      appendFileSync(file('log'), text.join(''));
    }
    function numbers(): readonly number[] {
      const text = existsSync(file('received')) ? readFileSync(file('received'), 'utf8') : '';
      return Array.from(text.matchAll(/line <(\d+)> xin chào$/gm), ([, number]) => Number(number));
    }
    async function arrived(count: number): Promise<readonly number[]> {
      await eventually(async () => new Set(numbers()).size >= count, 60_000).catch(() => undefined);
      return numbers();
    }
    async function start(): Promise<ChildProcess> {
      const args = ['-n', '-f', file('conf'), '-i', file('pid')];
      const child = track(spawn('rsyslogd', args, { cwd: folder, stdio: 'ignore' }));
      await eventually(async () => existsSync(file('pid')));
      return child;
    }
  }

  function track(child: ChildProcess): ChildProcess {
    children.add(child);
    child.once('error', (error) => checks.fail('a program starts', String(error)));
    return child;
  }
}

function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const ended = new Promise<number | null>((resolve) => void child.once('exit', (code) => resolve(code)));
  child.kill(signal);
  return ended;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
