import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '../program.ts';
import { type Checks, shell } from './checks.ts';
import { documented } from './documented.ts';
import { curlThrough, type Guarded, listening, startGuarded, tryGuarded } from './guarded.ts';

/** A real nginx in front of a small service, with the configuration of docs/enforcement.md; clients come with curl. */
export async function run(_: Program, checks: Checks): Promise<void> {
  const guarded = await startGuarded();
  const { folder, program } = guarded;
  writeFileSync(join(folder, 'nginx.conf'), configuration(guarded));
  const nginx = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  try {
    await listening(guarded, nginx);
    await tryGuarded(guarded, checks);
    await askDirectly(guarded, checks);
    await program.stop('SIGKILL');
    const closed = await curlThrough(guarded)('cam-good', '/readings/7', '-X', 'POST', '-d', '1');
    checks.equal('without Kỳ Đài nothing passes', closed, '500');
  } finally {
    nginx.kill('SIGTERM');
    await guarded.close();
  }
}

/** What the door answers that nginx asks at. */
async function askDirectly({ folder, program }: Guarded, checks: Checks): Promise<void> {
  await shell(folder, 'openssl x509 -in cam-good.pem -out plain.pem');
  const direct = (headers: Record<string, string>) =>
    fetch(`${program.addresses.http}/access/v1/nginx`, { headers }).then(({ status }) => status);
  const held = {
    'x-original-method': 'POST',
    'x-original-uri': '/readings/7',
    'x-ssl-client-verify': 'SUCCESS',
    'x-ssl-client-cert': encodeURIComponent(readFileSync(join(folder, 'plain.pem'), 'utf8')),
  };
  checks.equal('a proxy on this machine is believed', await direct(held), 204);
  checks.equal(
    'a web page on this machine is not',
    await direct({ ...held, origin: 'https://evil.example' }),
    401,
  );
  checks.equal('a wrong token is not', await direct({ ...held, authorization: 'Bearer kdt_wrong' }), 401);
}

function configuration({ folder, port, service, program }: Guarded): string {
  const servers = documented('enforcement.md', '2a. nginx', 'nginx', [
    ['127.0.0.1:8470', new URL(program.addresses.http).host],
    ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
    [' server.pem', ` ${folder}/server.pem`],
    [' server.key', ` ${folder}/server.key`],
    [' devices-ca.pem', ` ${folder}/devices-ca.pem`],
    ['http://127.0.0.1:9000', service],
  ]);
  const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
pid ${folder}/nginx.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  ${scratch.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
${servers}}
`;
}
