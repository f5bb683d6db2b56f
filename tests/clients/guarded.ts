import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { type Program, startProgram } from '../program.ts';
import { type Checks, shell } from './checks.ts';

/** A city with devices, an officer and a small service that knows nothing of Kỳ Đài, for a proxy to stand in front of. */
export interface Guarded {
  readonly program: Program;
  readonly folder: string;
  /** Address of the service, without a slash at its end. */
  readonly service: string;
  /** A port that nothing listens on. */
  readonly port: number;
  /** Headers of the request that the service saw last. */
  readonly seen: () => IncomingHttpHeaders;
  /** A token with the scope that proxies need. */
  readonly proxyToken: string;
  close(): Promise<number | string>;
}

const post = ['-X', 'POST', '-d', '1'];

export async function startGuarded(): Promise<Guarded> {
  const routes = [
    {
      method: 'POST',
      path: '/readings/**',
      action: 'publish',
      resource: { type: 'Dataset', id: 'readings' },
    },
    { method: 'GET', path: '/streams/{id}', action: 'subscribe', resource: { type: 'Dataset', id: '{id}' } },
    {
      path: '/ho-so/**',
      action: 'use-service',
      resource: { type: 'Service', id: 'ho-so' },
      subject: 'person',
    },
    { path: '/mat/**', action: 'use-service', resource: { type: 'Service', id: 'mat' } },
  ].map((route) => ({ method: '*', ...route }));
  const program = await startProgram({ environment: { KYDAI_ENFORCE_ROUTES: JSON.stringify(routes) } });
  const { folder, addresses } = program;
  for (const device of ['cam-good', 'cam-bad', 'cam-lost']) {
    const made = await program.cli('pki', 'token', device, '--kind', 'camera', '--zone', 'district-1');
    const commands = made.stdout.slice(made.stdout.indexOf('  curl '));
    const enrolled = await shell(folder, commands);
    if (enrolled.code !== 0) throw new Error(`${device} cannot enrol: ${enrolled.output}`);
  }
  await shell(
    folder,
    `curl -fsS ${addresses.status}/pki/ca/root.pem -o root.pem
     cat ca.pem root.pem > devices-ca.pem
     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost \
       -addext subjectAltName=IP:127.0.0.1 -keyout server.key -out server.pem
     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=cam-good \
       -keyout self.key -out self.pem`,
  );
  let seen: IncomingHttpHeaders = {};
  const service = createServer((request, response) => {
    seen = request.headers;
    response.end('served\n');
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  const { stdout } = await program.cli('token', 'proxy', '--scope', 'ask-decision');
  return {
    program,
    folder,
    service: `http://127.0.0.1:${(service.address() as AddressInfo).port}`,
    port: await freePort(),
    seen: () => seen,
    proxyToken: stdout.trim(),
    async close() {
      service.close();
      service.closeAllConnections();
      return program.stop('SIGINT');
    },
  };
}

/** What a client gets from the proxy: the status, and the reason in its header. */
export function curlThrough({ folder, port }: Guarded) {
  return async (device: string | undefined, path: string, ...more: readonly string[]): Promise<string> => {
    const certificate = device === undefined ? '' : `--cert ${device}.pem --key ${device}.key`;
    const options = more.map((each) => `'${each}'`).join(' ');
    const { output } = await shell(
      folder,
      `curl -sk --path-as-is ${certificate} ${options} -o /dev/null \
         -w '%{http_code} %header{x-kydai-reason}' 'https://127.0.0.1:${port}${path}' || true`,
    );
    return output.trim();
  };
}

/** What holds behind every proxy: who passes, who does not, and how soon that changes. */
export async function tryGuarded(guarded: Guarded, checks: Checks): Promise<void> {
  const { program, folder, seen } = guarded;
  const curl = curlThrough(guarded);
  const headers = (...lines: string[]) => lines.flatMap((line) => ['-H', line]);
  const equal = async (what: string, got: Promise<string>, expected: string) =>
    checks.equal(what, await got, expected);

  await equal('an enrolled device passes', curl('cam-good', '/readings/7', ...post), '200 permitted');
  checks.equal('the service hears from the proxy which device it is', seen()['x-kydai-device'], 'cam-good');
  const claims = headers('X-Kydai-Device: cam-good', 'X-Kydai-User: administrator', 'X-Kydai-Roles: ciso');
  await equal(
    'a device that claims to be others passes',
    curl('cam-bad', '/readings/7', ...post, ...claims),
    '200 permitted',
  );
  checks.equal('and is still itself to the service', seen()['x-kydai-device'], 'cam-bad');
  checks.equal('and nobody else', seen()['x-kydai-user'] ?? '', '');
  checks.equal('in no role', seen()['x-kydai-roles'] ?? '', '');
  await equal('no certificate gets 401', curl(undefined, '/readings/7', ...post), '401 no-certificate');

  const pem = encodeURIComponent((await shell(folder, 'openssl x509 -in cam-good.pem')).output);
  const forged = headers(
    `X-SSL-Client-Cert: ${pem}`,
    'X-SSL-Client-Verify: SUCCESS',
    `X-Forwarded-Client-Cert: Cert="${pem}"`,
    `X-Kydai-Proxy: Bearer ${guarded.proxyToken}`,
  );
  await equal(
    'forged certificate headers get nowhere',
    curl(undefined, '/readings/7', ...post, ...forged),
    '401 no-certificate',
  );
  const elsewhere = headers('X-Original-URI: /readings/7', 'X-Original-Method: POST');
  await equal('a forged address gets nowhere', curl('cam-good', '/secret', ...elsewhere), '403 no-route');
  checks.matches(
    'a certificate of one’s own making is not believed',
    await curl('self', '/readings/7', ...post),
    /^(?:40[01]|000)/,
  );
  await equal('a path without a route is denied', curl('cam-good', '/other'), '403 no-route');
  await equal('another method is denied', curl('cam-good', '/readings/7'), '403 no-route');
  checks.matches(
    'a path that leaves its route is denied',
    await curl('cam-good', '/readings/../secret', ...post),
    /^40[03]/,
  );
  await equal(
    'an escaped letter does not slip past a route',
    curl('cam-good', '/%73treams/commands'),
    '403 no-route',
  );
  await equal('a segment names the resource', curl('cam-good', '/streams/commands'), '200 permitted');
  await equal(
    'what no policy permits is denied, and says so',
    curl('cam-good', '/streams/secrets'),
    '403 not-permitted',
  );

  await tryPeople(guarded, checks);

  await cutOff('cam-bad', '403 forbidden quarantined-device', () =>
    call(guarded, 'POST', '/api/v1/devices/cam-bad/containment', { quarantined: true, reason: 'test' }),
  );
  const listed = await program.cli('pki', 'list', '--device', 'cam-lost', '--json');
  const [certificate] = JSON.parse(listed.stdout) as [{ serial: string }];
  await cutOff('cam-lost', '403 certificate-revoked', () =>
    call(guarded, 'POST', `/api/v1/certificates/${certificate.serial}/revoke`, { reason: 'keyCompromise' }),
  );
  await equal('the others still pass', curl('cam-good', '/readings/7', ...post), '200 permitted');

  /** Asks again and again from the moment of the act until the proxy refuses; it may take a second. */
  async function cutOff(device: string, expected: string, act: () => Promise<unknown>): Promise<void> {
    const began = performance.now();
    await act();
    let answer = '';
    do answer = await curl(device, '/readings/7', ...post);
    while (answer.startsWith('200') && performance.now() - began < 5000);
    const took = Math.round(performance.now() - began);
    console.log(`${device}: ${answer} ${took} ms after it was asked for`);
    checks.equal(`${device} is refused, with the reason`, answer, expected);
    checks.ok(`${device} is refused within a second of it (${took} ms)`, took < 1000);
  }
}

/** An officer of the agency whose web application stands behind the proxy. */
async function tryPeople(guarded: Guarded, checks: Checks): Promise<void> {
  const { program, folder, seen } = guarded;
  const curl = curlThrough(guarded);
  const equal = async (what: string, got: Promise<string>, expected: string) =>
    checks.equal(what, await got, expected);
  const owner = { type: 'Agency', id: 'giao-thong' };
  for (const id of ['ho-so', 'mat'])
    await call(guarded, 'PUT', `/api/v1/entities/Service/${id}`, {
      attrs: { owner: id === 'mat' ? { type: 'Agency', id: 'khac' } : owner, shared: false },
    });
  await call(guarded, 'PUT', '/api/v1/entities/User/administrator', { parents: [owner] });
  const { output } = await shell(folder, `curl -s -o /dev/null -D - '${program.signInLink()}'`);
  const secret = /kydai_session=([^;\s]+)/.exec(output)?.[1] ?? '';
  const cookie = (more = '') => ['-H', `Cookie: lang=vi; kydai_session=${secret}${more}`];

  await equal('who has not signed in gets 401', curl(undefined, '/ho-so/1'), '401 no-sign-in');
  await equal('a device’s certificate is no sign-in', curl('cam-good', '/ho-so/1'), '401 no-sign-in');
  await equal('who signed in passes', curl(undefined, '/ho-so/1', ...cookie()), '200 permitted');
  checks.equal('the service hears who it is', seen()['x-kydai-user'], 'administrator');
  checks.equal('and in what role', seen()['x-kydai-roles'], 'administrator');
  checks.equal('it sees the other cookies, and not the session', seen().cookie, 'lang=vi');
  await equal(
    'with a device’s certificate too',
    curl('cam-good', '/ho-so/1', ...cookie('; a=b')),
    '200 permitted',
  );
  checks.equal('it sees all the other cookies', seen().cookie, 'lang=vi; a=b');
  const bearer = ['-H', `Authorization: Bearer ${secret}`];
  await equal('a bearer passes as well', curl(undefined, '/ho-so/1', ...bearer), '200 permitted');
  checks.equal('and the service does not see it', seen().authorization ?? '', '');
  await equal(
    'another agency’s application is closed',
    curl(undefined, '/mat/1', ...cookie()),
    '403 not-permitted',
  );
  await equal(
    'a made-up session gets 401',
    curl(undefined, '/ho-so/1', '-H', 'Cookie: kydai_session=kds_guess'),
    '401 sign-in-unknown',
  );
  const from = (site: string) => [...post, '-H', `Sec-Fetch-Site: ${site}`];
  await equal(
    'a page of another site cannot act by the cookie',
    curl(undefined, '/ho-so/1', ...cookie(), ...from('cross-site')),
    '403 forgery',
  );
  await equal(
    'a page of the application can',
    curl(undefined, '/ho-so/1', ...cookie(), ...from('same-origin')),
    '200 permitted',
  );
  await shell(
    folder,
    `curl -fsS -X POST -H 'x-kydai-csrf: 1' -H 'Cookie: kydai_session=${secret}' ${program.addresses.http}/api/v1/sign-out`,
  );
  await equal(
    'who signed out is out at once',
    curl(undefined, '/ho-so/1', ...cookie()),
    '401 sign-in-unknown',
  );
}

/** Asks the program as its operator. */
async function call(
  { program, folder }: Guarded,
  method: string,
  path: string,
  body: unknown,
): Promise<void> {
  const { key } = JSON.parse(readFileSync(join(folder, 'data/operator.json'), 'utf8')) as { key: string };
  const response = await fetch(program.addresses.http + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A proxy says nowhere that it is ready, so its port is asked. */
export async function listening({ folder, port }: Guarded, proxy: ChildProcess): Promise<void> {
  for (let waited = 0; waited < 20_000; waited += 50) {
    if (proxy.exitCode !== null) throw new Error(`the proxy ended with ${proxy.exitCode}`);
    const { code } = await shell(folder, `curl -sk -o /dev/null https://127.0.0.1:${port}/`);
    if (code === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the proxy does not listen; is it installed?');
}
