import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { SourceLedger } from '@kydai/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, type Program, startProgram, temporaryFolder } from '../program.ts';

/** What hostile or broken senders send, over the real listeners: a clear outcome and a count each; the rest goes on. */
describe('bad input', () => {
  const folder = temporaryFolder();
  let program: Program;
  beforeAll(async () => {
    program = await startProgram({ folder });
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
    const [event] = await eventually(async () => {
      const found = await search('"not valid UTF-8" or error.message:*UTF-8*');
      return found.length > 0 ? found : undefined;
    });
    expect(String(event?.fields['error.message'])).toMatch(/UTF-8/);
    expect(event?.raw).toContain('nul');
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
});
