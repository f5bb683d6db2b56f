import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { SourceLedger } from '@kydai/contracts';
import { enrol } from '@kydai/device';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, type Program, startProgram, temporaryFolder } from '../program.ts';

/** What hostile or broken senders send, over the real listeners: a clear outcome and a count each; the rest goes on. */
describe('bad input', () => {
  const folder = temporaryFolder();
  let program: Program;
  const slow: { readonly socket: Socket; ended: boolean; answer: string }[] = [];
  beforeAll(async () => {
    program = await startProgram({ folder, environment: { KYDAI_DEVICES_MQTT: 'on' } });
    // Asked about at the end, so that the others need not wait for them.
    const { port } = new URL(program.addresses.collect);
    for (let n = 0; n < 40; n++) {
      const one = { socket: connect(Number(port), '127.0.0.1'), ended: false, answer: '' };
      one.socket.on('error', () => {});
      one.socket.on('data', (chunk: Buffer) => {
        one.answer += chunk.toString();
      });
      one.socket.once('close', () => {
        one.ended = true;
      });
      one.socket.write('POST /events HTTP/1.1\r\nhost: x\r\n');
      slow.push(one);
    }
    const drip = setInterval(() => {
      for (const { socket } of slow) if (socket.writable) socket.write('x-slow: loris\r\n');
      if (slow.every(({ ended }) => ended)) clearInterval(drip);
    }, 1000);
    drip.unref();
  });
  afterAll(() => program.stop());

  const ledger = async (source: string): Promise<SourceLedger> => {
    const { key } = JSON.parse(readFileSync(join(folder, 'data/operator.json'), 'utf8')) as { key: string };
    const response = await fetch(`${program.addresses.http}/api/v1/sources`, {
      headers: { authorization: `Bearer ${key}` },
    });
    const { sources } = (await response.json()) as { sources: SourceLedger[] };
    const found = sources.find((each) => each.source === source);
    const none = { received: 0, kept: 0, refused: 0, dropped: 0, pending: 0, reasons: {} };
    return found ?? (none as unknown as SourceLedger);
  };
  const balanced = ({ received, kept, refused, dropped, pending }: SourceLedger) =>
    received === kept + refused + dropped + pending;
  const post = (path: string, body: Buffer | string, headers: Record<string, string> = {}) =>
    fetch(program.addresses.collect + path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', ...headers },
      body: body as BodyInit,
    });
  const search = async (query: string) =>
    (await program.cli('search', query, '--limit', '100', '--json')).stdout
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { raw: string; dataset: string; fields: Record<string, unknown> });
  /** Sends bytes over syslog TCP; resolves when the collector or we have ended the connection. */
  const tcp = async (chunks: Iterable<Buffer | string>, end = true) => {
    const [host, port] = program.addresses.syslogTcp.split(':') as [string, string];
    const socket = connect(Number(port), host);
    const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
    socket.on('error', () => {});
    for (const chunk of chunks) {
      if (socket.destroyed) break;
      if (!socket.write(chunk))
        await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed]);
    }
    if (end) socket.end();
    await closed;
  };
  const header = '<13>1 2026-11-21T10:00:00+07:00 h badinput - - - ';
  const http = 'http/127.0.0.1';
  const stream = 'syslog-tcp/127.0.0.1';

  it('a line of 10 MB: cut and flagged over syslog, refused by its number over HTTP; its neighbours are kept', async () => {
    await tcp([`${header}before\n${header}${'x'.repeat(10_000_000)}\n${header}after\n`]);
    const events = await eventually(async () => {
      const found = await search('process.name:badinput');
      return found.length >= 3 ? found : undefined;
    });
    expect(events).toHaveLength(3);
    expect((await ledger(stream)).reasons).toMatchObject({ 'line-too-long': 1 });
    const lines = ['{"message":"before"}', `{"message":"${'x'.repeat(10_000_000)}"}`, '{"message":"after"}'];
    const answer = await post('/events', lines.join('\n'));
    expect(await answer.json()).toMatchObject({ kept: 2, refused: [{ line: 2, reason: 'line-too-long' }] });
  });

  it('JSON nested 10,000 deep is kept, flagged', async () => {
    const deep = `{"deepdoc":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_001)}`;
    expect(await (await post('/events', deep)).json()).toMatchObject({ kept: 1 });
    const bulk = await post('/_bulk', `{"create":{"_index":"logs"}}\n${deep}\n`);
    expect(bulk.status).toBe(200);
    const [event] = await search('error.message:*');
    expect(String(event?.fields['error.message'])).toMatch(/./);
  });

  it('a bulk body that is cut off says so for the item that is cut', async () => {
    const action = '{"create":{"_index":"logs"}}\n';
    const response = await post('/_bulk', `${action}{"message":"whole"}\n${action}{"message":"cu`);
    const { errors, items } = (await response.json()) as {
      errors: boolean;
      items: { create: { status: number } }[];
    };
    expect(errors).toBe(true);
    expect(items.map(({ create }) => create.status)).toEqual([201, 400]);
  });

  it('a gzip bomb is refused before it is unpacked, at each of the HTTP collectors', async () => {
    const bomb = gzipSync(Buffer.alloc(300_000_000, 0x20), { level: 9 });
    expect(bomb.length).toBeLessThan(400_000);
    for (const [path, type] of [
      ['/events', 'application/x-ndjson'],
      ['/_bulk', 'application/x-ndjson'],
      ['/v1/logs', 'application/x-protobuf'],
    ] as const) {
      const response = await post(path, bomb, { 'content-encoding': 'gzip', 'content-type': type });
      expect(response.status).toBe(413);
      await response.body?.cancel();
    }
    const cut = await post('/events', bomb.subarray(0, 1000), { 'content-encoding': 'gzip' });
    expect(cut.status).toBe(400);
    const wrong = await post('/events', 'not gzip', { 'content-encoding': 'gzip' });
    expect(wrong.status).toBe(400);
    expect(balanced(await ledger(http))).toBe(true);
  });

  it('a zstd bomb is refused before it is unpacked, at each of the HTTP collectors', async () => {
    const bomb = zstdCompressSync(Buffer.alloc(300_000_000, 0x20));
    expect(bomb.length).toBeLessThan(100_000);
    for (const [path, type] of [
      ['/events', 'application/x-ndjson'],
      ['/_bulk', 'application/x-ndjson'],
      ['/v1/logs', 'application/json'],
    ] as const) {
      const response = await post(path, bomb, { 'content-encoding': 'zstd', 'content-type': type });
      expect(response.status).toBe(413);
      await response.body?.cancel();
    }
    expect((await ledger(http)).reasons['body-too-large']).toBeGreaterThanOrEqual(1);
  });

  it('an octet count that lies: too large is kept as far as it came, flagged; too small leaves another frame', async () => {
    const message = (text: string) => `<13>1 - h octets - - - ${text}`;
    const whole = message('cut off');
    await tcp([`${whole.length + 500} ${whole}`]);
    await tcp([`${message('x').length} ${message('short of its end')}\n${message('after')}\n`]);
    const events = await eventually(async () => {
      const found = await search('process.name:octets');
      return found.length >= 3 ? found : undefined;
    });
    expect(events.map(({ fields }) => fields['message']).toSorted()).toEqual(['after', 'cut off', 's']);
    const cut = events.find(({ fields }) => fields['message'] === 'cut off');
    expect(String(cut?.fields['error.message'])).toMatch(/cut off after/);
    expect((await ledger(stream)).reasons['frame-fault']).toBeGreaterThanOrEqual(1);
  });

  it('datagrams that are empty, as large as can be, deep, or no text are counted one by one', async () => {
    const datagram = createSocket('udp4');
    const [host, port] = program.addresses.syslogUdp.split(':') as [string, string];
    const sent = [
      '',
      '\n\n',
      '\0',
      Buffer.alloc(65_507, 0x7a),
      Buffer.from([0xff, 0xfe, 0, 0xc3]),
      `<13>1 - h deep - - - ${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
      '<38>1 - h sshd - - - urgent',
      '<999999999',
    ];
    for (const message of sent)
      await new Promise((resolve) => datagram.send(message, Number(port), host, resolve));
    const account = await eventually(async () => {
      const one = await ledger('syslog-udp/127.0.0.1');
      return one.received >= sent.length && one.pending === 0 ? one : undefined;
    });
    datagram.close();
    expect(account).toMatchObject({ received: 8, kept: 5, dropped: 3, reasons: { 'empty-datagram': 3 } });
  });

  it('a thousand idle connections from one address: most are refused, counted, and others go on', async () => {
    const [host, port] = program.addresses.syslogTcp.split(':') as [string, string];
    const before = (await ledger(stream)).reasons['connection-refused'] ?? 0;
    const sockets = Array.from({ length: 1000 }, () => connect(Number(port), host).on('error', () => {}));
    const open = () =>
      sockets.filter(({ destroyed, readyState }) => !destroyed && readyState === 'open').length;
    await eventually(async () => ((await ledger(stream)).reasons['connection-refused'] ?? 0) - before >= 744);
    await eventually(async () => open() === 256);
    expect(await (await post('/events', '{"message":"heard"}')).json()).toMatchObject({ kept: 1 });
    for (const socket of sockets) socket.destroy();
    await eventually(async () => {
      await tcp([`<13>1 - h afteridle - - - x\n`]);
      return (await search('process.name:afteridle')).length > 0;
    });
  });

  it('a device whose MQTT packets lie about their length is cut off and counted, and others go on', async () => {
    const token = await program.cli('pki', 'token', 'cam-9', '--kind', 'camera', '--zone', 'z1', '--quiet');
    const { rootPem, addresses } = JSON.parse(readFileSync(join(folder, 'data/operator.json'), 'utf8'));
    const device = { deviceId: 'cam-9', token: token.stdout.trim(), folder: join(folder, 'cam-9') };
    await enrol({ estUrl: program.addresses.devices, ca: rootPem, ...device });
    const pem = readFileSync(join(folder, 'cam-9/identity.pem'), 'utf8');
    const { hostname, port } = new URL(addresses.deviceMqtt);
    const hello = Buffer.from([0x10, 17, 0, 4, 77, 81, 84, 84, 4, 2, 0, 60, 0, 5, 99, 97, 109, 45, 57]);
    const dial = async (...packets: Buffer[]) => {
      const socket = connectTls({ host: hostname, port: Number(port), ca: rootPem, key: pem, cert: pem });
      socket.on('error', () => {});
      socket.resume();
      for (const packet of packets) socket.write(packet);
      await new Promise((resolve) => socket.once('close', resolve));
    };
    // A length of five bytes; a topic longer than its packet; a packet of 256 MB; what is no CONNECT at first.
    const topicTooLong = Buffer.concat([Buffer.from([0x30, 5, 0xff, 0xff]), Buffer.from('abc')]);
    const endless = Buffer.concat([
      Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1, 0x61]),
      Buffer.alloc(200_000),
    ]);
    await dial(hello, Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0xff, 1]));
    await dial(hello, topicTooLong);
    await dial(hello, endless);
    await dial(Buffer.from([0x30, 3, 0, 1, 0x61]));
    const { reasons } = await ledger('mqtt/device/cam-9');
    expect(reasons).toMatchObject({ 'packet-malformed': 3, 'payload-too-large': 1 });
    expect(balanced(await ledger('mqtt/device/cam-9'))).toBe(true);
  });

  it('a server answers under its own names alone', async () => {
    const ask = (address: string, host: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const { hostname, port } = new URL(address);
        const asked = request({ hostname, port, path: '/api/v1/sources', headers: { host } }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        });
        asked.once('error', reject);
        asked.end();
      });
    const { host } = new URL(program.addresses.http);
    expect(await ask(program.addresses.http, host)).toBe(401);
    for (const name of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:80', '[::1'])
      expect(await ask(program.addresses.http, name)).toBe(400);
  });

  it('a sender that never ends its frame is ended, and counted', async () => {
    function* endless() {
      yield header;
      const chunk = Buffer.alloc(65_536, 0x79);
      for (let n = 0; n < 1000; n++) yield chunk;
    }
    await tcp(endless(), false);
    await eventually(async () => (await ledger(stream)).reasons['frame-never-ended'] === 1);
    await tcp(['999999999999999999999 <13>x'], true);
    await tcp(['5 <13'], true);
  });

  it('NULs and invalid UTF-8 are kept with replacements, flagged', async () => {
    await tcp([
      Buffer.concat([Buffer.from(`${header}nul`), Buffer.from([0, 0xff, 0xc3, 0x28]), Buffer.from('end\n')]),
    ]);
    const event = await eventually(async () => {
      const found = await search('"not valid UTF-8" or error.message:*UTF-8*');
      return found.find(({ raw }) => raw.includes('nul'));
    });
    expect(String(event.fields['error.message'])).toMatch(/UTF-8/);
  });

  it('noise on every listener ends in an answer, and the program goes on', async () => {
    const noise = Buffer.from(Array.from({ length: 50_000 }, (_, n) => (n * 7919) % 256));
    await tcp([noise]);
    const [host, tls] = program.addresses.syslogTls.split(':') as [string, string];
    const socket = connect(Number(tls), host);
    socket.on('error', () => {});
    socket.end(noise);
    for (const [path, type] of [
      ['/events', 'application/json'],
      ['/_bulk', 'application/json'],
      ['/v1/logs', 'application/x-protobuf'],
      ['/v1/logs', 'application/json'],
    ] as const) {
      const { status } = await post(path, noise, { 'content-type': type });
      expect([200, 400]).toContain(status);
    }
    await delay(200);
    expect(await (await post('/events', '{"message":"all is well"}')).json()).toMatchObject({ kept: 1 });
    for (const source of [http, stream]) expect(balanced(await ledger(source))).toBe(true);
    expect((await fetch(`${program.addresses.http}/health`)).status).toBe(200);
  });

  it('requests whose head comes byte by byte are ended within seconds, and counted', async () => {
    await eventually(async () => slow.every(({ ended }) => ended), 40_000);
    for (const { answer } of slow) expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect((await ledger(http)).reasons['request-too-slow']).toBe(40);
    const { port } = new URL(program.addresses.collect);
    const socket = connect(Number(port), '127.0.0.1');
    socket.resume();
    socket.write(`GET / HTTP/1.1\r\nhost: x\r\nx-long: ${'y'.repeat(100_000)}\r\n\r\n`);
    await new Promise((resolve) => socket.on('error', () => {}).once('close', resolve));
    expect((await ledger(http)).reasons['headers-too-large']).toBe(1);
  });
});
