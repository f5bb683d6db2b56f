import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
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
});
