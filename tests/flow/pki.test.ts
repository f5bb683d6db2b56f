import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { loadConfig, type Running, startKydai } from '@kydai/kydai';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, temporaryFolder } from '../program.ts';

const shell = promisify(execFile);
const ports = Object.fromEntries(
  [
    'HTTP_PORT',
    'DEVICES_PORT',
    'STATUS_PORT',
    'COLLECT_PORT',
    'SYSLOG_UDP_PORT',
    'SYSLOG_TCP_PORT',
    'SYSLOG_TLS_PORT',
  ].map((name) => [`KYDAI_${name}`, '0']),
);

const main = join(import.meta.dirname, '../../packages/kydai/src/main.ts');

/** `kydai ARGS` as a process of its own. */
function commandLine(folder: string, environment: Readonly<Record<string, string>>) {
  return (...args: string[]) =>
    new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      const options = { cwd: folder, env: { ...process.env, ...environment }, maxBuffer: 64 * 1024 * 1024 };
      execFile(process.execPath, [main, ...args], options, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
      );
    });
}

describe('the certificate authority, wired', () => {
  const folder = temporaryFolder();
  const environment = {
    ...ports,
    KYDAI_DATA: join(folder, 'data'),
    KYDAI_PKI_SITE: 'north',
    KYDAI_PKI_APPROVAL: 'on',
    KYDAI_PKI_SERVER_KEYS: 'on',
  };
  const config = loadConfig({ file: join(folder, 'kydai.yaml'), required: false, environment });
  let running: Running;

  beforeAll(async () => {
    running = await startKydai({ config, environment, log: pino({ level: 'silent' }) });
    writeFileSync(join(folder, 'root.pem'), running.kydai.authority.root.pem);
  });
  afterAll(() => running.stop());

  const cli = commandLine(folder, environment);
  const sh = async (line: string) =>
    (await shell('bash', ['-euo', 'pipefail', '-c', line], { cwd: folder })).stdout;
  const operator = async (method: string, path: string, body?: unknown) => {
    const { key } = JSON.parse(readFileSync(join(config.data, 'operator.json'), 'utf8')) as { key: string };
    const response = await fetch(running.addresses.http + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as never };
  };
  /** Makes a key and a request, base64 DER. */
  const makeRequest = async (id: string) => {
    await sh(`openssl ecparam -name prime256v1 -genkey -noout -out ${id}.key`);
    return sh(`openssl req -new -key ${id}.key -subj /CN=${id} -outform DER | base64 -w0`);
  };
  /** One request to the devices' listener. */
  const device = (options: { path: string; body?: string; cert?: string; user?: string }) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const { port, hostname } = new URL(running.addresses.devices);
      const call = request(
        {
          port,
          hostname,
          path: options.path,
          method: options.body === undefined ? 'GET' : 'POST',
          ca: running.kydai.authority.root.pem,
          agent: false,
          ...(options.user === undefined ? {} : { auth: options.user }),
          ...(options.cert === undefined
            ? {}
            : {
                cert: readFileSync(join(folder, `${options.cert}.pem`)),
                key: readFileSync(join(folder, `${options.cert}.key`)),
              }),
        },
        (response) => {
          let text = '';
          response.on('data', (chunk) => {
            text += chunk;
          });
          response.on('end', () => resolve({ status: response.statusCode!, text }));
        },
      );
      call.on('error', reject).end(options.body);
    });
  const keepCertificate = async (id: string, answer: string) => {
    writeFileSync(join(folder, `${id}.p7`), answer);
    await sh(`base64 -d ${id}.p7 | openssl pkcs7 -inform DER -print_certs -out ${id}.pem`);
  };
  const enrol = async (id: string) => {
    const made = await operator('POST', '/api/v1/enrolment-tokens', {
      deviceId: id,
      kind: 'camera',
      zone: 'district-1',
    });
    const { token } = made.body as { token: string };
    const body = await makeRequest(id);
    const answer = await device({ path: '/.well-known/est/simpleenroll', body, user: `${id}:${token}` });
    expect(answer.status).toBe(200);
    await keepCertificate(id, answer.text);
    const [certificate] = (
      await running.kydai.records.find((await import('@kydai/pki')).certificates, {
        where: { subject: id },
        order: '-issued',
      })
    ).records;
    return certificate!.value;
  };

  it('keeps a request without proof for a person, and hands its certificate out once approved', async () => {
    const body = await makeRequest('cam-applies');
    const first = await device({ path: '/.well-known/est/simpleenroll', body });
    expect(first.status).toBe(202);
    const waiting = await operator('GET', '/api/v1/pki/applications');
    const [application] = (waiting.body as { items: { id: string; device: string }[] }).items;
    expect(application).toMatchObject({ device: 'cam-applies' });
    const path = `/api/v1/pki/applications/${application!.id}`;
    const decided = await operator('POST', path, { approved: true, kind: 'camera', zone: 'district-1' });
    expect(decided.status).toBe(200);
    const second = await device({ path: '/.well-known/est/simpleenroll', body });
    expect(second.status).toBe(200);
    await keepCertificate('cam-applies', second.text);
    expect(await sh('openssl x509 -in cam-applies.pem -noout -subject')).toContain('cam-applies');
  });

  it('tells a device when to renew', async () => {
    const { serial, notAfter } = await enrol('cam-renews');
    const response = await fetch(`${running.addresses.status}/pki/renewal/${serial}`);
    const { start, end } = (await response.json()) as { start: string; end: string };
    expect(Date.parse(start)).toBeLessThan(Date.parse(end));
    expect(Date.parse(end)).toBeLessThan(notAfter);
  });

  it('tells every handshake of a device as an event, with its site', async () => {
    const { serial, fingerprint } = await enrol('cam-shakes');
    const published = await device({ path: '/publish/readings', body: '{"t":21}', cert: 'cam-shakes' });
    expect(published.status).toBe(202);
    const { events } = running.kydai;
    const found = await eventually(async () => {
      const page = await events.search({
        filter: { op: 'equals', field: 'tls.client.hash.sha256', value: fingerprint } as never,
        limit: 10,
        order: 'newest',
      });
      return page.events[0];
    });
    expect(found.dataset).toBe('pki.tls');
    expect(Object.fromEntries(found.fields.entries())).toMatchObject({
      'device.id': 'cam-shakes',
      'source.ip': '127.0.0.1',
      'observer.site': 'north',
      'event.outcome': 'success',
      'tls.client.x509.serial_number': serial,
    });
  });

  it('suspects a key that speaks from two places in turn, also by the log of another site', async () => {
    const { fingerprint } = await enrol('cam-cloned');
    for (const address of ['192.0.2.1', '198.51.100.9', '192.0.2.1', '198.51.100.9', '192.0.2.1']) {
      const line = {
        '@timestamp': new Date().toISOString(),
        'event.dataset': 'pki.tls',
        'device.id': 'cam-cloned',
        'source.ip': address,
        'tls.client.hash.sha256': fingerprint,
      };
      const sent = await fetch(`${running.addresses.collect}/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson' },
        body: `${JSON.stringify(line)}\n`,
      });
      expect(sent.status).toBe(200);
    }
    const { events } = running.kydai;
    const told = await eventually(async () => {
      const page = await events.search({ order: 'newest', limit: 200 });
      return page.events.find(({ dataset }) => dataset === 'pki.clone');
    });
    expect(told.fields.get('device.id')).toBe('cam-cloned');
  });

  it('gives a device at high risk a certificate with which it cannot publish', async () => {
    const made = await operator('POST', '/api/v1/enrolment-tokens', {
      deviceId: 'cam-risky',
      kind: 'camera',
      zone: 'z',
    });
    const { token } = made.body as { token: string };
    await running.kydai.authority.devices.update('cam-risky', { risk: 90 }, 'user:test');
    const body = await makeRequest('cam-risky');
    const answer = await device({ path: '/.well-known/est/simpleenroll', body, user: `cam-risky:${token}` });
    expect(answer.status).toBe(200);
    await keepCertificate('cam-risky', answer.text);
    expect(await sh('openssl x509 -in cam-risky.pem -noout -text')).toMatch(
      /2\.5\.29\.56|No Revocation Available/,
    );
    const refused = await device({ path: '/publish/readings', body: '{}', cert: 'cam-risky' });
    expect(refused.status).toBe(403);
    expect(refused.text).toContain('device-without-certificate');
  });

  it('takes a request that is bound to its TLS connection, and none bound to another', async () => {
    const made = await operator('POST', '/api/v1/enrolment-tokens', {
      deviceId: 'cam-bound',
      kind: 'camera',
      zone: 'z',
    });
    const { token } = made.body as { token: string };
    await sh('openssl ecparam -name prime256v1 -genkey -noout -out cam-bound.key');
    const bound = async (value: string) =>
      sh(
        `printf '[req]\\ndistinguished_name=dn\\nattributes=at\\nprompt=no\\n[dn]\\nCN=cam-bound\\n[at]\\nchallengePassword=%s\\n' '${value}' > bound.cnf
         openssl req -new -key cam-bound.key -config bound.cnf -outform DER | base64 -w0`,
      );
    const send = async (value: (socket: TLSSocket) => string) => {
      const { port, hostname } = new URL(running.addresses.devices);
      const socket = connect({ port: Number(port), host: hostname, ca: running.kydai.authority.root.pem });
      await once(socket, 'secureConnect');
      const body = await bound(value(socket));
      const basic = Buffer.from(`cam-bound:${token}`).toString('base64');
      socket.write(
        `POST /.well-known/est/simpleenroll HTTP/1.1\r\nhost: localhost\r\nauthorization: Basic ${basic}\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      let text = '';
      for await (const chunk of socket) text += chunk;
      return text;
    };
    expect(await send(() => Buffer.alloc(32).toString('base64'))).toMatch(
      /^HTTP\/1\.1 403[\s\S]*binding-mismatch/,
    );
    const exporter = (socket: TLSSocket) =>
      socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)).toString('base64');
    expect(await send(exporter)).toMatch(/^HTTP\/1\.1 200/);
  });

  it('makes a key for a device that cannot', async () => {
    const made = await operator('POST', '/api/v1/enrolment-tokens', {
      deviceId: 'sensor-1',
      kind: 'sensor',
      zone: 'district-1',
    });
    const { token } = made.body as { token: string };
    const body = await makeRequest('sensor-1');
    const answer = await device({
      path: '/.well-known/est/serverkeygen',
      body,
      user: `sensor-1:${token}`,
    });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('application/pkcs8');
  });

  it('proves every issuance and revocation of a certificate from the audit log, and the proof is checked offline', async () => {
    const { serial } = await enrol('cam-proven');
    await operator('POST', `/api/v1/certificates/${serial}/revoke`, { reason: 'keyCompromise' });
    const proven = await cli('audit', 'prove', serial, '--out', 'proof.json');
    expect(proven.stdout).toMatch(/proven {2}entry \d+: .* certificate\.issue certificate:/);
    expect(proven.stdout).toMatch(/proven {2}entry \d+: .* certificate\.revoke certificate:/);
    writeFileSync(join(folder, 'audit.pem'), (await cli('audit', 'key')).stdout);
    const checked = await cli('audit', 'check', 'proof.json', '--key', 'audit.pem');
    expect(checked).toMatchObject({ code: 0 });
    const forged = readFileSync(join(folder, 'proof.json'), 'utf8').replaceAll('keyCompromise', 'superseded');
    writeFileSync(join(folder, 'forged.json'), forged);
    const refused = await cli('audit', 'check', 'forged.json', '--key', 'audit.pem');
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('NOT PROVEN');
    await sh(
      'openssl genpkey -algorithm ed25519 -out other.key; openssl pkey -in other.key -pubout -out other.pem',
    );
    expect((await cli('audit', 'check', 'proof.json', '--key', 'other.pem')).code).toBe(1);
  });

  it('proves that the log of now begins with the log of before', async () => {
    const { audit } = running.kydai;
    const { size, root } = await audit.checkpoint();
    await enrol('cam-later');
    const proven = await cli('audit', 'consistency', String(size), root);
    expect(proven).toMatchObject({ code: 0 });
    const other = await cli('audit', 'consistency', String(size - 1), root);
    expect(other.code).toBe(1);
  });

  it('says what would break before it revokes', async () => {
    const { serial } = await enrol('cam-impact');
    await device({ path: '/publish/readings', body: '{"t":21}', cert: 'cam-impact' });
    const impact = await cli('pki', 'impact', serial);
    expect(impact.stdout).toContain('it can neither publish nor renew');
    expect(impact.stdout).toMatch(/\d+ handshakes and 1 readings/);
    expect(impact.stdout).toMatch(
      /grants are lost, such as publish on `Dataset::\w+` by `Device::cam-impact`/,
    );
    const [root] = (await operator('GET', '/api/v1/pki/authorities')).body['items'] as { serial: string }[];
    expect((await cli('pki', 'impact', root!.serial)).stdout).toMatch(
      /certificates of \d+ subjects below it/,
    );
    expect((await cli('pki', 'impact', 'ffff')).code).not.toBe(0);
  });

  it('knows what is sealed for a service that would lose its certificate', async () => {
    const { certificationRequest, createDeviceKey } = await import('@kydai/device');
    const subject = 'archive.example';
    const csr = certificationRequest(createDeviceKey(), subject, [subject]);
    const service = await running.kydai.authority.issue({ csr, profile: 'service', subject, by: 'user:lan' });
    const { token } = await running.kydai.authority.enrolmentToken({
      ...{ deviceId: 'cam-seal', kind: 'camera', zone: 'district-1', minutes: 5, by: 'user:lan' },
    });
    const server = running.kydai.addresses().devices;
    const folder_ = ['--folder', 'cam-seal', '--ca', 'root.pem', '--server', server];
    expect((await cli('device', 'enrol', 'cam-seal', '--token', token, ...folder_)).stderr).toBe('');
    const recipient = new X509Certificate(Buffer.from(service.der, 'base64')).toString();
    writeFileSync(join(folder, 'archive.pem'), recipient);
    const sent = await cli('device', 'send', '{"value":7}', '--recipient', 'archive.pem', ...folder_);
    expect([sent.stdout, sent.stderr]).toEqual(['published: 202\n', '']);
    const impact = await cli('pki', 'impact', service.serial);
    expect(impact.stdout).toContain('1 readings of the last 24 hours were sealed for its key');
  });

  it('lists and searches devices, quarantines one and releases it', async () => {
    await enrol('lamp-1');
    expect((await cli('pki', 'devices', 'list', 'lamp')).stdout).toMatch(
      /lamp-1 +camera +district-1 +trusted/,
    );
    await cli('pki', 'devices', 'quarantine', 'lamp-1', '--reason', 'looks odd');
    expect((await cli('pki', 'devices', 'list', 'lamp')).stdout).toContain('quarantined');
    await cli('pki', 'devices', 'release', 'lamp-1', '--reason', 'was looked at');
    expect((await cli('pki', 'devices', 'list', 'lamp')).stdout).toContain('trusted');
  });

  it('tells what is to come by zone, and pages what there is', async () => {
    await enrol('cam-weather');
    const told = (await cli('pki', 'forecast', '--days', '60')).stdout;
    expect(told).toMatch(/^zone +renewals +sum +ends +overdue +lapsed$/m);
    expect(told).toMatch(/^district-1 /m);
    const { body } = await operator('GET', '/api/v1/pki/forecast?days=90');
    const zones = body['zones'] as { zone: string; subjects: number; renewals: number[] }[];
    const zone = zones.find((each) => each.zone === 'district-1')!;
    expect(zone.renewals).toHaveLength(90);
    expect(zone.renewals.reduce((sum, count) => sum + count, 0)).toBe(zone.subjects);
    const list = async (query: string) => (await operator('GET', `/api/v1/${query}`)).body['total'] as number;
    expect(await list('certificates?q=cam-weat')).toBe(1);
    expect(await list('certificates?q=WEAT&status=valid&profile=device')).toBe(1);
    expect(await list('certificates?q=cam-weat&profile=service')).toBe(0);
    expect(await list('certificates?q=cam-weat&status=ending')).toBe(0);
    expect(await list('devices?q=cam-weat&kind=camera&trust=all')).toBe(1);
    expect(await list('devices?q=cam-weat&trust=quarantined')).toBe(0);
  });

  it('exports every certificate that was ever issued', async () => {
    const { certificates } = await import('@kydai/pki');
    const lines = (await cli('pki', 'export')).stdout.trim().split('\n');
    expect(lines).toHaveLength(await running.kydai.records.count(certificates));
  });

  it('rolls an issuing authority over: the new one issues, the old one still counts', async () => {
    const before = await enrol('cam-old');
    expect((await cli('pki', 'rollover', 'device-ca')).stdout).toContain('device-ca-2 issues from now on');
    const after = await enrol('cam-new');
    expect(after.issuer).toBe('device-ca-2');
    expect(before.issuer).toBe('device-ca-1');
    const kept = await device({ path: '/publish/readings', body: '{"t":1}', cert: 'cam-old' });
    expect(kept.status).toBe(202);
    expect((await cli('pki', 'authorities')).stdout).toMatch(/device-ca-1 +answers for what it issued/);
  });

  it('is backed up while it runs, and the restored program knows everything', async () => {
    const secret = { ...environment, KYDAI_BACKUP_PASSPHRASE: 'một mật khẩu sao lưu dài' };
    const backup = commandLine(folder, secret);
    // Enrolments and events go on while the backup is made.
    let stop = false;
    const busy = (async () => {
      for (let n = 0; !stop; n++) {
        await running.kydai.authority.enrolmentToken({
          deviceId: `busy-${n}`,
          kind: 'sensor',
          zone: 'z',
          minutes: 5,
          by: 'user:test',
        });
        await fetch(`${running.addresses.collect}/events`, {
          method: 'POST',
          headers: { 'content-type': 'application/x-ndjson' },
          body: `${JSON.stringify({ message: `busy ${n}` })}\n`,
        });
      }
    })();
    await enrol('cam-backed');
    const before = await running.kydai.audit.size();
    const made = await backup('backup', 'create', 'city.backup');
    stop = true;
    await busy;
    expect(made).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, 'city.backup')).includes('certificate.issue')).toBe(false);

    const verified = await backup('backup', 'verify', 'city.backup');
    expect(verified.stdout).toMatch(/audit log intact \(\d+ entries[\s\S]*Keys of \d authorities sign\./);
    expect((await backup('backup', 'status')).stdout).toMatch(/Last proven restore: 20.*, 0 days ago/);
    const known = async () => (await operator('GET', '/api/v1/backups')).body;
    expect(await known()).toMatchObject({
      standing: 'proven',
      items: [{ file: join(folder, 'city.backup'), proven: { keys: expect.any(Number) }, failed: null }],
    });
    const metrics = await fetch(`${running.addresses.http}/metrics`).then((response) => response.text());
    const proven = /^kydai_backup_last_proven_restore_timestamp_seconds (\d\S+)/m.exec(metrics)?.[1];
    expect(Number(proven) * 1000).toBeGreaterThan(Date.now() - 120_000);

    const wrong = commandLine(folder, { ...environment, KYDAI_BACKUP_PASSPHRASE: 'a different passphrase' });
    expect((await wrong('backup', 'verify', 'city.backup')).stderr).toMatch(/another passphrase/);
    expect(await known()).toMatchObject({
      standing: 'failed',
      covers: null,
      items: [{ failed: { why: expect.stringMatching(/another passphrase/) } }],
    });
    const bytes = readFileSync(join(folder, 'city.backup'));
    writeFileSync(join(folder, 'cut.backup'), bytes.subarray(0, bytes.length - 100));
    expect((await backup('backup', 'restore', 'cut.backup', 'from-cut')).stderr).toMatch(/cut off/);

    const restored = await backup('backup', 'restore', 'city.backup', 'restored');
    expect(restored).toMatchObject({ code: 0 });
    expect((await backup('backup', 'restore', 'city.backup', 'restored')).stderr).toMatch(/not empty/);
    const other = { ...environment, KYDAI_DATA: join(folder, 'restored') };
    const otherConfig = loadConfig({ file: join(folder, 'kydai.yaml'), required: false, environment: other });
    const again = await startKydai({
      config: otherConfig,
      environment: other,
      log: pino({ level: 'silent' }),
    });
    try {
      expect(again.kydai.authority.root.fingerprint).toBe(running.kydai.authority.root.fingerprint);
      expect(await again.kydai.audit.size()).toBeGreaterThanOrEqual(before);
      expect(await again.kydai.audit.verify()).toMatchObject({ intact: true });
      expect(await again.kydai.authority.devices.get('cam-backed')).toBeDefined();
      const { events } = await again.kydai.events.stats();
      expect(events).toBeGreaterThan(0);
    } finally {
      await again.stop();
    }
  });
});

describe('a renewal after the end of the certificate, over a real connection', () => {
  it('is given inside the grace that the city set, never to a revoked one, and not after it', async () => {
    const day = 86_400_000;
    const folder = temporaryFolder();
    const environment = { ...ports, KYDAI_DATA: join(folder, 'data'), KYDAI_PKI_GRACE_DAYS: '30' };
    const config = loadConfig({ file: join(folder, 'kydai.yaml'), required: false, environment });
    // A device and its server live a hundred days ago; TLS itself lives now and takes the ended certificate.
    let shift = -100 * day;
    const clock = { now: () => Date.now() + shift };
    const running = await startKydai({ config, environment, log: pino({ level: 'silent' }), clock });
    try {
      const { authority } = running.kydai;
      const sh = async (line: string) =>
        (await shell('bash', ['-euo', 'pipefail', '-c', line], { cwd: folder })).stdout;
      const est = `${running.addresses.devices}/.well-known/est`;
      const serials: Record<string, string> = {};
      for (const deviceId of ['cam-late', 'cam-cut']) {
        const wanted = { deviceId, kind: 'camera', zone: 'z', minutes: 5, by: 'user:test' } as const;
        const { token } = await authority.enrolmentToken(wanted);
        await sh(`openssl ecparam -name prime256v1 -genkey -noout -out ${deviceId}.key
          openssl req -new -key ${deviceId}.key -subj /CN=${deviceId} -outform DER | base64 > ${deviceId}.csr
          curl -fsSk -u ${deviceId}:${token} --data-binary @${deviceId}.csr ${est}/simpleenroll | base64 -d |
            openssl pkcs7 -inform DER -print_certs -out ${deviceId}.pem`);
        serials[deviceId] = new X509Certificate(readFileSync(join(folder, `${deviceId}.pem`))).serialNumber;
      }
      await authority.revoke(serials['cam-cut']!.toLowerCase(), 'cessationOfOperation', 'user:test');
      const renew = (deviceId: string) =>
        sh(`openssl req -new -key ${deviceId}.key -subj /CN=${deviceId} -outform DER | base64 > again.csr
          curl -sSk -o answer -w '%{http_code} ' --cert ${deviceId}.pem --key ${deviceId}.key \\
            --data-binary @again.csr ${est}/simplereenroll; head -c 120 answer`);
      shift = 0;
      const { validTo } = new X509Certificate(readFileSync(join(folder, 'cam-late.pem')));
      expect(Date.parse(validTo)).toBeLessThan(Date.now() - day);
      expect(await renew('cam-cut')).toMatch(/^403 certificate-refused: .*revoked/);
      expect(await renew('cam-late')).toMatch(/^200 MII/);
      shift = 40 * day;
      expect(await renew('cam-late')).toMatch(
        /^403 certificate-refused: .*ended|^403 certificate-refused: .*expired/,
      );
    } finally {
      await running.stop();
    }
  });
});

describe('a ceremony with an offline root', () => {
  it('makes the root elsewhere, and the server issues below it without its key', async () => {
    const folder = temporaryFolder();
    const environment = { ...ports, KYDAI_DATA: join(folder, 'data'), KYDAI_PASSPHRASE: 'một mật khẩu dài' };
    const run = commandLine(folder, environment);
    const offline = [
      '--keys',
      join(folder, 'vault'),
      '--organization',
      'Thành phố Huế',
      '--url',
      'http://pki.test',
    ];
    const server = {
      ...environment,
      KYDAI_ORGANIZATION: 'Thành phố Huế',
      KYDAI_STATUS_URL: 'http://pki.test',
    };
    const onServer = commandLine(folder, server);
    expect(await run('pki', 'ceremony', 'root', ...offline)).toMatchObject({ code: 0 });
    expect((await run('pki', 'ceremony', 'root', ...offline)).code).not.toBe(0);
    expect(await onServer('pki', 'ceremony', 'requests')).toMatchObject({ code: 0 });
    for (const role of ['device-ca', 'service-ca'])
      expect(await run('pki', 'ceremony', 'sign', role, `${role}.csr`, ...offline)).toMatchObject({
        code: 0,
      });
    expect(await run('pki', 'ceremony', 'request-root', ...offline)).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, 'root.csr'), 'utf8')).toContain('CERTIFICATE REQUEST');
    expect(await run('pki', 'ceremony', 'crl', '--number', '1', ...offline)).toMatchObject({ code: 0 });
    expect(await onServer('pki', 'ceremony', 'import')).toMatchObject({ code: 0 });
    const config = loadConfig({ file: join(folder, 'kydai.yaml'), required: false, environment: server });
    const running = await startKydai({ config, environment: server, log: pino({ level: 'silent' }) });
    try {
      expect(running.kydai.authority.root.pem.trim()).toBe(
        readFileSync(join(folder, 'root.pem'), 'utf8').trim(),
      );
      const chain = running.kydai.authority.chainPem('device-ca');
      writeFileSync(join(folder, 'chain.pem'), chain);
      const verified = await shell('openssl', ['verify', '-CAfile', 'root.pem', 'chain.pem'], {
        cwd: folder,
      });
      expect(verified.stdout).toContain('OK');
    } finally {
      await running.stop();
    }
  });
});
