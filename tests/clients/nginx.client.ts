import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { type Program, startProgram } from '../program.ts';
import { type Checks, shell } from './checks.ts';
import { nginxConfiguration } from './nginx.conf.ts';

/** A real nginx with client certificates in front of a small service; devices come with curl. */
export async function run(_: Program, checks: Checks): Promise<void> {
  const routes = [
    {
      method: 'POST',
      path: '/readings/**',
      action: 'publish',
      resource: { type: 'Dataset', id: 'readings' },
    },
    { method: 'GET', path: '/streams/{id}', action: 'subscribe', resource: { type: 'Dataset', id: '{id}' } },
  ];
  const program = await startProgram({ environment: { KYDAI_ENFORCE_ROUTES: JSON.stringify(routes) } });
  const { folder, addresses } = program;
  const sh = (line: string) => shell(folder, line);

  for (const device of ['cam-good', 'cam-bad', 'cam-lost']) {
    const made = await program.cli('pki', 'token', device, '--kind', 'camera', '--zone', 'district-1');
    const commands = made.stdout.slice(made.stdout.indexOf('  curl '));
    const enrolled = await sh(commands);
    if (enrolled.code !== 0) throw new Error(`${device} cannot enrol: ${enrolled.output}`);
  }
  await sh(
    `curl -fsS ${addresses.status}/pki/ca/root.pem -o root.pem
     cat ca.pem root.pem > devices-ca.pem
     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost \
       -addext subjectAltName=IP:127.0.0.1 -keyout server.key -out server.pem
     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=cam-good \
       -keyout self.key -out self.pem`,
  );

  const seen: (string | undefined)[] = [];
  const service = createServer((request, response) => {
    seen.push(request.headers['x-device'] as string | undefined);
    response.end('served\n');
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  const port = await freePort();
  writeFileSync(
    join(folder, 'nginx.conf'),
    nginxConfiguration({
      folder,
      port,
      service: `http://127.0.0.1:${(service.address() as AddressInfo).port}`,
      kydai: addresses.http,
    }),
  );
  const nginx = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  try {
    await listening(port);
    await ask();
  } finally {
    nginx.kill('SIGTERM');
    service.close();
    checks.equal('the guarded program stops cleanly', await program.stop('SIGINT'), 0);
  }

  /** What a device gets from nginx: the status, and the reason in its header. */
  async function curl(device: string | undefined, path: string, ...more: readonly string[]) {
    const certificate = device === undefined ? '' : `--cert ${device}.pem --key ${device}.key`;
    const options = more.map((each) => `'${each}'`).join(' ');
    const { output } = await sh(
      `curl -sk --path-as-is ${certificate} ${options} -o /dev/null \
         -w '%{http_code} %header{x-kydai-reason}' 'https://127.0.0.1:${port}${path}' || true`,
    );
    return output.trim();
  }

  async function ask(): Promise<void> {
    const post = ['-X', 'POST', '-d', '1'];
    checks.equal(
      'an enrolled device passes to the service',
      await curl('cam-good', '/readings/7', ...post),
      '200 permitted',
    );
    checks.equal('the service hears from nginx which device it is', seen.at(-1), 'cam-good');
    const claimed = await curl('cam-bad', '/readings/7', ...post, '-H', 'X-Device: cam-good');
    checks.equal('a device that claims another name passes', claimed, '200 permitted');
    checks.equal('and is still itself to the service', seen.at(-1), 'cam-bad');
    checks.equal(
      'no certificate gets 401',
      await curl(undefined, '/readings/7', ...post),
      '401 no-certificate',
    );

    const pem = encodeURIComponent((await sh('openssl x509 -in cam-good.pem')).output);
    const forged = ['-H', `X-SSL-Client-Cert: ${pem}`, '-H', 'X-SSL-Client-Verify: SUCCESS'];
    checks.equal(
      'a forged certificate header gets nowhere',
      await curl(undefined, '/readings/7', ...post, ...forged),
      '401 no-certificate',
    );
    checks.equal(
      'a forged original address gets nowhere',
      await curl('cam-good', '/secret', '-H', 'X-Original-URI: /readings/7', '-H', 'X-Original-Method: POST'),
      '403 no-route',
    );
    checks.matches(
      'a certificate of one’s own making is not believed',
      await curl('self', '/readings/7', ...post),
      /^40[01]/,
    );
    checks.equal('a path without a route is denied', await curl('cam-good', '/other'), '403 no-route');
    checks.equal('another method is denied', await curl('cam-good', '/readings/7'), '403 no-route');
    checks.equal(
      'a path that leaves its route is denied',
      await curl('cam-good', '/readings/../secret', ...post),
      '403 no-route',
    );
    checks.equal(
      'an escaped letter does not slip past a route',
      await curl('cam-good', '/%73treams/commands'),
      '403 no-route',
    );
    checks.equal(
      'a segment of the path names the resource',
      await curl('cam-good', '/streams/commands'),
      '200 permitted',
    );
    checks.equal(
      'what no policy permits is denied, and says so',
      await curl('cam-good', '/streams/secrets'),
      '403 not-permitted',
    );

    const direct = (headers: Record<string, string>) =>
      fetch(`${addresses.http}/access/v1/nginx`, { headers }).then(({ status }) => status);
    const held = {
      'x-original-method': 'POST',
      'x-original-uri': '/readings/7',
      'x-ssl-client-verify': 'SUCCESS',
      'x-ssl-client-cert': pem,
    };
    checks.equal('a proxy on this machine is believed', await direct(held), 204);
    checks.equal(
      'a web page on this machine is not',
      await direct({ ...held, origin: 'https://evil.example' }),
      401,
    );
    checks.equal('a wrong token is not', await direct({ ...held, authorization: 'Bearer kdt_wrong' }), 401);

    await cutOff('cam-bad', '403 forbidden quarantined-device', () =>
      call(`/api/v1/devices/cam-bad/containment`, { quarantined: true, reason: 'test' }),
    );
    const [certificate] = JSON.parse(
      (await program.cli('pki', 'list', '--device', 'cam-lost', '--json')).stdout,
    ) as [{ serial: string }];
    await cutOff('cam-lost', '403 certificate-revoked', () =>
      call(`/api/v1/certificates/${certificate.serial}/revoke`, { reason: 'keyCompromise' }),
    );
    checks.equal('the others still pass', await curl('cam-good', '/readings/7', ...post), '200 permitted');
  }

  /** Asks again and again from the moment of the act until nginx refuses; it may take a second. */
  async function cutOff(device: string, expected: string, act: () => Promise<void>): Promise<void> {
    const post = ['-X', 'POST', '-d', '1'];
    const began = performance.now();
    await act();
    const acted = performance.now();
    let answer = '';
    do answer = await curl(device, '/readings/7', ...post);
    while (answer.startsWith('200') && performance.now() - began < 5000);
    const took = Math.round(performance.now() - began);
    const own = Math.round(acted - began);
    console.log(`${device}: ${answer} ${took} ms after it was asked for (the act itself ${own} ms)`);
    checks.equal(`${device} is refused, with the reason`, answer, expected);
    checks.ok(`${device} is refused within a second of it (${took} ms)`, took < 1000);
  }

  async function call(path: string, body: unknown): Promise<void> {
    const { key } = JSON.parse(readFileSync(join(folder, 'data/operator.json'), 'utf8')) as { key: string };
    const response = await fetch(addresses.http + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** nginx says nowhere that it is ready, so its port is asked. */
async function listening(port: number): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 50) {
    const up = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('nginx does not listen; is it installed?');
}
