import { execFile, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createCrlHandler } from '../crl/handler.ts';
import { createEstHandler, type Peer } from '../est/handler.ts';
import { cameraToken, ecKey, HandClock, makeCsr, openCity, temporaryFolder } from '../fixtures/city.ts';
import { listenHttp, listenHttps } from '../fixtures/listen.ts';
import { createOcspHandler } from '../ocsp/handler.ts';
import { toPem } from '../x509/pem.ts';

const run = promisify(execFile);
const has = (program: string): boolean => spawnSync(program, ['version']).error === undefined;

/** A running city with its own TLS and plain listeners, and a folder in which shell commands work. */
async function startCity() {
  const folder = await temporaryFolder();
  let plainHandler = async (_request: Request, _peer: Peer): Promise<Response> =>
    new Response(null, { status: 503 });
  const plainPort = await listenHttp((request, peer) => plainHandler(request, peer));
  const clock = new HandClock();
  clock.time = Date.now();
  const city = await openCity({ publicUrl: `http://127.0.0.1:${plainPort}`, clock });
  const { authority } = city;
  const ocsp = createOcspHandler({ authority });
  const crl = createCrlHandler({ authority });
  plainHandler = (request) =>
    new URL(request.url).pathname.startsWith('/pki/ocsp') ? ocsp(request) : crl(request);
  const { keyPem, chainPem } = await authority.serverCertificate({ names: ['localhost', '127.0.0.1'] });
  const est = createEstHandler({ authority, clock });
  const port = await listenHttps({ key: keyPem, cert: chainPem, ca: authority.root.pem }, est);
  await writeFile(join(folder, 'root.pem'), authority.root.pem);
  await writeFile(join(folder, 'chain.pem'), authority.chainPem('device-ca'));
  const shell = async (command: string): Promise<string> => {
    const { stdout, stderr } = await run('sh', ['-c', command], { cwd: folder, timeout: 20_000 }).catch(
      (error: { stdout: string; stderr: string }) => error,
    );
    return stdout + stderr;
  };
  return { city, folder, shell, plainPort, est: `https://localhost:${port}/.well-known/est` };
}

const enrolCommand = (est: string, token: string): string =>
  `curl -sS --cacert root.pem --user cam-001:${token} -H 'Content-Type: application/pkcs10' ` +
  `--data-binary @csr.b64 ${est}/simpleenroll | openssl base64 -A -d | openssl pkcs7 -inform DER -print_certs -out cert.pem`;

describe.skipIf(!has('openssl') || !has('curl'))(
  'with openssl and curl (skipped where they are not installed)',
  () => {
    it.each([
      ['EC P-256', '-newkey ec -pkeyopt ec_paramgen_curve:P-256'],
      ['RSA 2048', '-newkey rsa:2048'],
      ['Ed25519', '-newkey ed25519'],
    ])('a device with a key of %s enrols, renews and is revoked', async (_name, newkey) => {
      const { city, shell, est, plainPort } = await startCity();
      const token = await cameraToken(city);
      await shell(
        `openssl req -new ${newkey} -nodes -keyout key.pem -subj /CN=cam-001 -outform DER | openssl base64 > csr.b64`,
      );
      expect(await shell(enrolCommand(est, token))).toBe('');
      expect(
        await shell(
          'openssl verify -x509_strict -purpose sslclient -CAfile root.pem -untrusted chain.pem cert.pem',
        ),
      ).toBe('cert.pem: OK\n');

      // Renewal over TLS with the certificate that it got.
      await shell(
        `openssl req -new ${newkey} -nodes -keyout key2.pem -subj /CN=cam-001 -outform DER | openssl base64 > csr2.b64`,
      );
      await shell(
        `curl -sS --cacert root.pem --cert cert.pem --key key.pem --data-binary @csr2.b64 ${est}/simplereenroll ` +
          '| openssl base64 -A -d | openssl pkcs7 -inform DER -print_certs -out cert2.pem',
      );
      expect(await shell('openssl verify -CAfile root.pem -untrusted chain.pem cert2.pem')).toBe(
        'cert2.pem: OK\n',
      );

      // Good, then revoked, by OCSP (POST and GET) and by the CRL that the certificate points to.
      const ask =
        'openssl x509 -in chain.pem -out issuer.pem; openssl ocsp -issuer issuer.pem -cert cert.pem -CAfile root.pem ' +
        '-url "$(openssl x509 -in cert.pem -noout -ocsp_uri)"';
      const good = await shell(ask);
      expect(good).toContain('Response verify OK');
      expect(good).toContain('cert.pem: good');
      const serial = (await shell('openssl x509 -in cert.pem -noout -serial'))
        .trim()
        .split('=')[1]!
        .toLowerCase();
      await city.authority.revoke(serial, 'keyCompromise', 'user:lan');
      const revoked = await shell(ask);
      expect(revoked).toContain('cert.pem: revoked');
      expect(revoked).toContain('Reason: keyCompromise');
      await shell('openssl ocsp -issuer issuer.pem -cert cert.pem -reqout ask.der -no_nonce');
      const byGet = await shell(
        `curl -sSf "http://127.0.0.1:${plainPort}/pki/ocsp/$(openssl base64 -A -in ask.der | sed 's/+/%2B/g;s,/,%2F,g')" -o answer.der; ` +
          'openssl ocsp -issuer issuer.pem -cert cert.pem -CAfile root.pem -respin answer.der -no_nonce',
      );
      expect(byGet).toContain('cert.pem: revoked');

      const crl = (path: string): string =>
        `curl -sSf http://127.0.0.1:${plainPort}/pki/crl/${path}.crl | openssl crl -inform DER -out crl.pem; ` +
        'openssl verify -crl_check -CRLfile crl.pem -CAfile root.pem -untrusted chain.pem';
      for (const path of ['device-ca', 'device-ca-1/0']) {
        expect(await shell(`${crl(path)} cert.pem`)).toContain('certificate revoked');
        expect(await shell(`${crl(path)} cert2.pem`)).toContain('cert2.pem: OK');
      }
      const chainChecked = await shell(
        `${crl('device-ca')} cert2.pem && curl -sSf http://127.0.0.1:${plainPort}/pki/crl/root-1.crl | openssl crl -inform DER >> crl.pem && ` +
          'openssl verify -crl_check_all -CRLfile crl.pem -CAfile root.pem -untrusted chain.pem cert2.pem',
      );
      expect(chainChecked).toContain('cert2.pem: OK\ncert2.pem: OK');
    });

    it('issues RSA, EC and Ed25519 certificates that openssl reads as they were meant', async () => {
      const { city, shell, folder, est } = await startCity();
      const token = await cameraToken(city);
      await shell(
        'openssl req -new -newkey ed25519 -nodes -keyout key.pem -subj /CN=cam-001 -addext subjectAltName=DNS:cam-001,DNS:eth0.cam-001 -outform DER | openssl base64 > csr.b64',
      );
      await shell(enrolCommand(est, token));
      const text = await shell('openssl x509 -in cert.pem -noout -text');
      expect(text).toContain('DNS:cam-001, DNS:eth0.cam-001');
      expect(text).toContain('TLS Web Client Authentication');
      expect(text).toMatch(/pki\/crl\/device-ca-1\/0\.crl/);
      expect((await readFile(join(folder, 'cert.pem'), 'utf8')).split('BEGIN CERTIFICATE')).toHaveLength(2);
    });

    it('sees in base and delta CRL together what the base alone does not say', async () => {
      const { city, shell, folder } = await startCity();
      const issued = await city.authority.enrol({
        csr: () => makeCsr('cam-001'),
        token: await cameraToken(city),
      });
      city.clock.pass(-3_600_000);
      const base = toPem('X509 CRL', await city.authority.crl('device-ca', 0));
      city.clock.pass(60_000);
      await city.authority.revoke(issued.serial, 'superseded', 'user:lan');
      const delta = toPem('X509 CRL', await city.authority.deltaCrl('device-ca', 0));
      await writeFile(join(folder, 'cert.pem'), toPem('CERTIFICATE', Buffer.from(issued.der, 'base64')));
      const verify = async (crls: string): Promise<string> => {
        await writeFile(join(folder, 'crls.pem'), crls);
        const flags =
          '-crl_check -use_deltas -extended_crl -CRLfile crls.pem -CAfile root.pem -untrusted chain.pem';
        return shell(`openssl verify ${flags} cert.pem`);
      };
      expect(await verify(base)).toContain('cert.pem: OK');
      expect(await verify(base + delta)).toContain('certificate revoked');
    });

    it('hears that one answer cannot speak for two authorities, and each alone in its turn', async () => {
      const { city, shell, folder, plainPort } = await startCity();
      const { authority } = city;
      const device = await authority.enrol({ csr: () => makeCsr('cam-001'), token: await cameraToken(city) });
      const service = await authority.issue({
        csr: makeCsr('api', ecKey(), { names: ['api.hue.example'] }),
        profile: 'service',
        subject: 'api',
        by: 'user:lan',
      });
      for (const [name, { der, issuer }] of Object.entries({ device, service })) {
        await writeFile(join(folder, `${name}.pem`), toPem('CERTIFICATE', Buffer.from(der, 'base64')));
        const above = toPem('CERTIFICATE', authority.certificateOf(issuer));
        await writeFile(join(folder, `${name}-ca.pem`), above);
      }
      const of = (name: string): string => `-issuer ${name}-ca.pem -cert ${name}.pem`;
      const ask = (pairs: string): Promise<string> =>
        shell(`openssl ocsp -CAfile root.pem -url http://127.0.0.1:${plainPort}/pki/ocsp ${pairs}`);
      expect(await ask(`${of('device')} ${of('service')}`)).toContain('unauthorized (6)');
      for (const name of ['device', 'service']) {
        const heard = await ask(`${of(name)} -cert ${name}.pem`);
        expect(heard).toContain('Response verify OK');
        expect(heard.split(`${name}.pem: good`)).toHaveLength(3);
      }
    });

    it('tells curl in words why a token was refused', async () => {
      const { shell, est } = await startCity();
      await shell(
        'openssl req -new -newkey ed25519 -nodes -keyout key.pem -subj /CN=cam-001 -outform DER | openssl base64 > csr.b64',
      );
      const answer = await shell(
        `curl -sS -w '%{http_code}' --cacert root.pem --user cam-001:no --data-binary @csr.b64 ${est}/simpleenroll`,
      );
      expect(answer).toMatch(/^token-wrong: .*\n401$/);
    });
  },
);
