import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { loadConfig, type Running, startKydai } from '@kydai/kydai';
import { createRemoteJWKSet, decodeJwt, type JWTPayload, jwtVerify } from 'jose';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually, temporaryFolder } from '../program.ts';
import { enrolled } from './enrolled.ts';

const folder = temporaryFolder();
const environment = {
  ...Object.fromEntries(
    ['HTTP', 'DEVICES', 'STATUS', 'COLLECT', 'SYSLOG_UDP', 'SYSLOG_TCP', 'SYSLOG_TLS'].map((name) => [
      `KYDAI_${name}_PORT`,
      '0',
    ]),
  ),
  KYDAI_DATA: join(folder, 'data'),
};
const config = loadConfig({ file: join(folder, 'kydai.yaml'), required: false, environment });
const start = () => startKydai({ config, environment, log: pino({ level: 'silent' }) });
let running: Running;
let token: string;

const caep = 'https://schemas.openid.net/secevent/caep/event-type/';
const poll = 'urn:ietf:rfc:8936';
const push = 'urn:ietf:rfc:8935';

beforeAll(async () => {
  running = await start();
  token = (await makeToken('receiver')).secret;
});
afterAll(() => running.stop());

const makeToken = (name: string) =>
  running.kydai.apiTokens.create({ name, scopes: ['ask-decision'], days: 1 }, 'user:test');
const quarantine = (id: string, quarantined: boolean) =>
  running.kydai.authority.devices.update(id, { quarantined, quarantineReason: 'test' }, 'user:test');

async function ask(method: string, path: string, body?: unknown, as = token) {
  const response = await fetch(`${running.addresses.http}${path}`, {
    method,
    headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  // biome-ignore lint/suspicious/noExplicitAny: each answer has a shape of its own, which the test states
  return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as any };
}

/** What a receiver makes of a SET: verified against the published keys, issuer and audience. */
async function verified(
  set: string,
  audience: string,
): Promise<JWTPayload & { events: Record<string, unknown> }> {
  const { body } = await ask('GET', '/.well-known/ssf-configuration');
  const { payload, protectedHeader } = await jwtVerify(set, createRemoteJWKSet(new URL(body.jwks_uri)), {
    issuer: body.issuer,
    audience,
    typ: 'secevent+jwt',
    algorithms: ['ES256'],
  });
  expect(protectedHeader.kid).toBeDefined();
  // RFC 8417 section 2.2: a SET is no access token.
  expect(payload).not.toHaveProperty('exp');
  expect(payload).not.toHaveProperty('sub');
  return payload as never;
}

describe('shared signals', () => {
  it('are described where receivers look', async () => {
    const { status, body } = await ask('GET', '/.well-known/ssf-configuration');
    expect(status).toBe(200);
    expect(body).toMatchObject({ spec_version: '1_0', delivery_methods_supported: [push, poll] });
    expect(body.configuration_endpoint).toBe(`${running.addresses.http}/ssf/v1/streams`);
  });

  it('reach a receiver that polls, again until it acknowledges them, in order', async () => {
    await enrolled(running, 'cam-poll');
    const { status, body: stream } = await ask('POST', '/ssf/v1/streams', { delivery: { method: poll } });
    expect(status).toBe(201);
    const path = new URL(stream.delivery.endpoint_url).pathname;
    const waiting = ask('POST', path, {});
    await quarantine('cam-poll', true);
    const first = await waiting;
    const [jti] = Object.keys(first.body.sets) as [string];
    await quarantine('cam-poll', false);
    await running.kydai.authority.devices.update('cam-poll', { risk: 30 }, 'user:test');
    await running.kydai.authority.devices.update('cam-poll', { risk: 90 }, 'user:test');
    await running.kydai.authority.revokeDevice('cam-poll', 'keyCompromise', 'user:test');
    const person = { id: 'officer', name: 'Officer', roles: ['viewer'], assurance: 2 };
    await running.kydai.sessions.start(person, 'link');
    await running.kydai.sessions.endAll('officer', 'user:ciso');
    const all = await eventually(async () => {
      const { body } = await ask('POST', path, { returnImmediately: true });
      return Object.keys(body.sets).length === 6 ? (body.sets as Record<string, string>) : undefined;
    });
    expect(Object.keys(all)[0]).toBe(jti);
    const events = await Promise.all(Object.values(all).map((set) => verified(set, stream.aud)));
    const device = { device: { sub: 'cam-poll', format: 'iss_sub' } };
    expect(events).toMatchObject([
      {
        sub_id: device,
        events: { [`${caep}device-compliance-change`]: { current_status: 'not-compliant' } },
      },
      { events: { [`${caep}device-compliance-change`]: { current_status: 'compliant' } } },
      { events: { [`${caep}risk-level-change`]: { previous_level: 'LOW', current_level: 'HIGH' } } },
      { sub_id: device, events: { [`${caep}credential-change`]: { change_type: 'delete' } } },
      { sub_id: device, events: { [`${caep}credential-change`]: { change_type: 'revoke' } } },
      {
        sub_id: { user: { sub: 'officer' } },
        events: { [`${caep}session-revoked`]: { initiating_entity: 'admin' } },
      },
    ]);
    const ack = Object.keys(all);
    const page = await ask('POST', path, { ack: ack.slice(0, 2), maxEvents: 2, returnImmediately: true });
    expect(Object.keys(page.body.sets)).toEqual(ack.slice(2, 4));
    expect(page.body.moreAvailable).toBe(true);
    const rest = await ask('POST', path, { ack, returnImmediately: true });
    expect(rest.body).toEqual({ sets: {} });
    await ask('DELETE', `/ssf/v1/streams?stream_id=${stream.stream_id}`);
  });

  it('belong to the token that made the stream', async () => {
    const { body: stream } = await ask('POST', '/ssf/v1/streams', {});
    const stranger = (await makeToken('stranger')).secret;
    const query = `stream_id=${stream.stream_id}`;
    for (const [method, path, body] of [
      ['GET', `/ssf/v1/streams?${query}`],
      ['DELETE', `/ssf/v1/streams?${query}`],
      ['GET', `/ssf/v1/status?${query}`],
      ['PATCH', '/ssf/v1/streams', { stream_id: stream.stream_id }],
      ['POST', '/ssf/v1/status', { stream_id: stream.stream_id, status: 'disabled' }],
      ['POST', '/ssf/v1/verify', { stream_id: stream.stream_id }],
      ['POST', `/ssf/v1/poll/${stream.stream_id}`, {}],
    ] as [string, string, unknown][]) {
      expect([path, (await ask(method, path, body, stranger)).status]).toEqual([path, 404]);
    }
    expect((await ask('GET', '/ssf/v1/streams', undefined, stranger)).body).toEqual([]);
    expect((await ask('GET', '/ssf/v1/streams', undefined, 'kdt_none')).status).toBe(401);
    expect((await fetch(`${running.addresses.http}/ssf/v1/streams`)).status).toBe(401);
    expect((await ask('DELETE', `/ssf/v1/streams?${query}`)).status).toBe(204);
    expect((await ask('GET', `/ssf/v1/streams?${query}`)).status).toBe(404);
  });

  it('prove the way by a verification event, and send only what was asked for while enabled', async () => {
    const { body: stream } = await ask('POST', '/ssf/v1/streams', {
      events_requested: [`${caep}session-revoked`, 'urn:unknown'],
      description: 'a',
    });
    const id = stream.stream_id as string;
    expect(stream.events_delivered).toEqual([`${caep}session-revoked`]);
    expect((await ask('POST', '/ssf/v1/verify', { stream_id: id, state: 'xyz' })).status).toBe(204);
    expect((await ask('POST', '/ssf/v1/verify', { stream_id: id })).status).toBe(429);
    await enrolled(running, 'cam-verify');
    await quarantine('cam-verify', true);
    const got = await ask('POST', `/ssf/v1/poll/${id}`, { returnImmediately: true });
    const sets = Object.values(got.body.sets) as string[];
    expect(sets).toHaveLength(1);
    expect(await verified(sets[0]!, stream.aud)).toMatchObject({
      sub_id: { format: 'opaque', id },
      events: { 'https://schemas.openid.net/secevent/ssf/event-type/verification': { state: 'xyz' } },
    });
    const paused = await ask('POST', '/ssf/v1/status', { stream_id: id, status: 'paused', reason: 'work' });
    expect(paused.body).toEqual({ stream_id: id, status: 'paused', reason: 'work' });
    const idle = await ask('POST', `/ssf/v1/poll/${id}`, { returnImmediately: true });
    expect(idle.body).toEqual({ sets: {} });
    const changed = await ask('PATCH', '/ssf/v1/streams', { stream_id: id, events_requested: [] });
    expect(changed.body).toMatchObject({ events_requested: [], description: 'a' });
    await ask('DELETE', `/ssf/v1/streams?stream_id=${id}`);
  });

  it('leave out whom the receiver removed, until it wants them again', async () => {
    const { body: stream } = await ask('POST', '/ssf/v1/streams', { description: 'a' });
    const { body: metadata } = await ask('GET', '/.well-known/ssf-configuration');
    const [add, remove] = [metadata.add_subject_endpoint, metadata.remove_subject_endpoint].map(
      (url) => new URL(url as string).pathname,
    );
    const subject = { format: 'iss_sub', iss: metadata.issuer, sub: 'cam-subject' };
    const named = { stream_id: stream.stream_id, subject };
    await enrolled(running, 'cam-subject');
    expect((await ask('POST', remove!, named)).status).toBe(204);
    expect((await ask('POST', remove!, { ...named, subject: 'cam' })).status).toBe(400);
    expect((await ask('POST', remove!, { ...named, stream_id: 'none' })).status).toBe(404);
    await quarantine('cam-subject', true);
    await running.kydai.changes.settled();
    expect((await ask('POST', add!, { ...named, verified: true })).status).toBe(200);
    await quarantine('cam-subject', false);
    await running.kydai.changes.settled();
    const got = await ask('POST', `/ssf/v1/poll/${stream.stream_id}`, { returnImmediately: true });
    const events = (Object.values(got.body.sets) as string[]).map(
      (set) => decodeJwt(set)['events'] as object,
    );
    expect(events.flatMap((event) => Object.values(event) as object[]).at(-1)).toMatchObject({
      current_status: 'compliant',
    });
    expect(JSON.stringify(events)).not.toContain('"current_status":"not-compliant"');
    const replaced = await ask('PUT', '/ssf/v1/streams', {
      stream_id: stream.stream_id,
      delivery: { method: poll },
      events_requested: [`${caep}session-revoked`],
    });
    expect(replaced.body).toMatchObject({ events_delivered: [`${caep}session-revoked`] });
    expect(replaced.body).not.toHaveProperty('description');
    await ask('DELETE', `/ssf/v1/streams?stream_id=${stream.stream_id}`);
  });

  it.each([
    ['a host that is not named', { method: push, endpoint_url: 'https://169.254.169.254/x' }],
    ['a plain address elsewhere', { method: push, endpoint_url: 'http://example.org/x' }],
    ['another scheme', { method: push, endpoint_url: 'file:///etc/passwd' }],
    ['no address', { method: push }],
    ['an unknown method', { method: 'urn:carrier-pigeon' }],
  ])('are not pushed to %s', async (_, delivery) => {
    expect((await ask('POST', '/ssf/v1/streams', { delivery })).status).toBe(400);
  });
});

describe('pushed signals', () => {
  let server: Server | undefined;
  const taken: { set: string; headers: IncomingMessage['headers'] }[] = [];
  const receive = async (port: number, status: () => number) => {
    server = createServer((request, response) => {
      let set = '';
      request.on('data', (chunk: Buffer) => {
        set += chunk.toString();
      });
      request.on('end', () => {
        const code = status();
        if (code === 202) taken.push({ set, headers: request.headers });
        response.writeHead(code).end();
      });
    });
    await new Promise<void>((resolve) => server!.listen(port, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  const hangUp = () =>
    new Promise<void>((resolve) => {
      server?.closeAllConnections();
      server?.close(() => resolve());
    });
  afterEach(hangUp);

  it('find a receiver that was away, in order, over a restart of ours too', async () => {
    const port = await receive(0, () => 202);
    const { body: stream } = await ask('POST', '/ssf/v1/streams', {
      delivery: {
        method: push,
        endpoint_url: `http://127.0.0.1:${port}/in`,
        authorization_header: 'Bearer r',
      },
    });
    expect(JSON.stringify(stream)).not.toContain('Bearer r');
    await enrolled(running, 'cam-push');
    await quarantine('cam-push', true);
    await eventually(async () => taken.length === 2);
    expect(taken[0]!.headers).toMatchObject({
      'content-type': 'application/secevent+jwt',
      authorization: 'Bearer r',
    });
    await hangUp();
    await quarantine('cam-push', false);
    await running.kydai.authority.devices.update('cam-push', { risk: 85 }, 'user:test');
    await running.stop();
    running = await start();
    await quarantine('cam-push', true);
    let refusals = 0;
    await receive(port, () => (refusals++ < 2 ? 503 : 202));
    await eventually(async () => taken.length === 5);
    // Signed before the restart under the address of then; the keys are the same.
    const jwks = createRemoteJWKSet(new URL(`${running.addresses.http}/ssf/v1/jwks.json`));
    const events = await Promise.all(taken.map(({ set }) => jwtVerify(set, jwks, { audience: stream.aud })));
    const changes = events.map(({ payload }) => Object.values(payload['events'] as object)[0]);
    expect(changes).toMatchObject([
      { change_type: 'create' },
      { current_status: 'not-compliant' },
      { current_status: 'compliant' },
      { current_level: 'HIGH' },
      { current_status: 'not-compliant' },
    ]);
    expect(new Set(events.map(({ payload }) => payload.jti)).size).toBe(5);
    await ask('DELETE', `/ssf/v1/streams?stream_id=${stream.stream_id}`);
  });
});

describe('the stream of changes', () => {
  /** Reads events of a stream until there are enough. */
  async function read(count: number, last?: string) {
    const stop = new AbortController();
    const response = await fetch(`${running.addresses.http}/access/v1/stream`, {
      headers: { authorization: `Bearer ${token}`, ...(last === undefined ? {} : { 'last-event-id': last }) },
      signal: stop.signal,
    });
    const frames: Record<string, string>[] = [];
    let text = '';
    const reading = (async () => {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const lines = text.slice(0, end).split('\n');
          text = text.slice(end + 2);
          frames.push(Object.fromEntries(lines.map((line) => line.split(/: ?(.*)/s).slice(0, 2))));
        }
        if (frames.length >= count) break;
      }
      stop.abort();
    })();
    return { frames, reading };
  }

  it('tells each change as it happens, and what was missed to whoever comes back', async () => {
    await enrolled(running, 'cam-stream');
    const live = await read(3);
    await eventually(async () => live.frames.length === 1);
    await quarantine('cam-stream', true);
    await quarantine('cam-stream', false);
    await live.reading;
    expect(live.frames.map(({ event }) => event)).toEqual(['hello', 'device-quarantined', 'device-released']);
    expect(JSON.parse(live.frames[1]!['data']!)).toMatchObject({ device: 'cam-stream', reason: 'test' });
    await running.kydai.authority.revokeDevice('cam-stream', 'keyCompromise', 'user:test');
    const again = await read(4, live.frames[1]!['id']);
    await again.reading;
    expect(again.frames.map(({ event }) => event)).toEqual([
      'hello',
      'device-released',
      'device-uncertified',
      'certificate-revoked',
    ]);
  });

  it('tells after a restart what was missed over it, and what changed in a way that nobody could tell', async () => {
    await enrolled(running, 'cam-over');
    const live = await read(2);
    await eventually(async () => live.frames.length === 1);
    await quarantine('cam-over', true);
    await live.reading;
    await quarantine('cam-over', false);
    await running.stop();
    running = await start();
    await running.kydai.sessions.start({ id: 'officer', name: 'O', roles: ['viewer'], assurance: 2 }, 'link');
    await running.kydai.sessions.start({ id: 'officer', name: 'O', roles: ['ciso'], assurance: 2 }, 'link');
    await running.kydai.blockList.blockBuild('web:4', 'test', 'user:test');
    const after = await read(4, live.frames[1]!['id']);
    await after.reading;
    expect(after.frames.map(({ event }) => event)).toEqual([
      'hello',
      'device-released',
      'claims-changed',
      'blocked',
    ]);
  });

  it('says `reset` to whoever comes with a place that it does not know', async () => {
    for (const last of ['zzz-4', 'nonsense', '']) {
      const { frames, reading } = await read(1, last);
      await reading;
      expect(frames[0]).toMatchObject({ event: last === '' ? expect.any(String) : 'reset' });
    }
  });
});
