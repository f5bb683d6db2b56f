import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import { hasOpenssl } from '@kydai/contracts/testing';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createSyslogSender } from './send-syslog.ts';
import { RecordWatch } from './tls-records.ts';

/** What a collector does when the sender has ended: answer, or what a killed one and a careless one do. */
type Ending = 'answer' | 'cut' | 'reset' | 'nothing';

describe.runIf(hasOpenssl)('syslog over TLS', () => {
  let folder = '';
  let cert = '';
  let key = '';
  const stops: (() => void)[] = [];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kydai-send-'));
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem'];
    const name = ['-subj', '/CN=collector', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...curve, ...name, '-out', 'cert.pem'], {
      cwd: folder,
      stdio: 'ignore',
    });
    cert = readFileSync(join(folder, 'cert.pem'), 'utf8');
    key = readFileSync(join(folder, 'key.pem'), 'utf8');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(() => {
    for (const stop of stops.splice(0)) stop();
  });

  /** Reads everything of each connection and ends it as told; the last way stays. */
  async function collector(maxVersion: 'TLSv1.2' | 'TLSv1.3', ...endings: Ending[]) {
    const texts: string[] = [];
    const sockets = new Set<Socket>();
    const server: Server = createServer({ allowHalfOpen: true }, (raw) => {
      sockets.add(raw);
      raw.on('error', () => {});
      const ending = endings.length > 1 ? endings.shift() : endings[0];
      const secureContext = createSecureContext({ key, cert, maxVersion });
      const socket = new TLSSocket(raw, { isServer: true, secureContext });
      let text = '';
      socket.on('error', () => {});
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      socket.on('end', () => {
        texts.push(text);
        if (ending === 'answer') socket.end();
        else if (ending === 'cut') raw.end();
        else if (ending === 'reset') raw.resetAndDestroy();
      });
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const stopping = new AbortController();
    stops.push(() => {
      stopping.abort();
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    const { port } = server.address() as AddressInfo;
    const { signal } = stopping;
    const notes: string[] = [];
    const short = { answerMs: 500, probeMs: 200, quietMs: 200 };
    const patience = endings.includes('nothing') ? { patience: short } : {};
    const options = { host: '127.0.0.1', port, cert, key, ca: cert, signal, ...patience };
    const send = createSyslogSender({ ...options, onNote: (note) => void notes.push(note) });
    return { texts, notes, send };
  }
  const parcels = (...messages: string[]) =>
    messages.map((message) => ({ id: message, fields: { message } }));

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`${version}: counts lines as taken when the collector answered the end of the connection`, async () => {
      const { texts, send } = await collector(version, 'answer');
      expect(await send(parcels('one', 'two'))).toEqual({ kept: 2, refused: 0 });
      expect(texts).toHaveLength(1);
      expect(texts[0]).toMatch(/^\d+ <13>1 - \S+ kydai-ship - - \[ship@32473 id="one"\] one\d+ <13>/);
    });

    it(`${version}: sends again, the same bytes, what a collector had read before it was cut off`, async () => {
      for (const ending of ['cut', 'reset'] as const) {
        const { texts, send } = await collector(version, ending, 'answer');
        expect(await send(parcels('one'))).toEqual({ kept: 1, refused: 0 });
        const sent = texts.filter((text) => text !== '');
        expect(sent).toHaveLength(2);
        expect(sent[1]).toBe(sent[0]);
      }
    });
  }

  it('finds out a collector that never says close_notify, and sends it nothing twice', async () => {
    const { texts, send } = await collector('TLSv1.3', 'cut');
    await send(parcels('one'));
    await send(parcels('two'));
    expect(texts.filter((text) => text.includes('one'))).toHaveLength(1);
    expect(texts.filter((text) => text.includes('two'))).toHaveLength(1);
  });

  it('finds out a collector that ends no connection, says what that means, and sends it nothing twice', async () => {
    const { texts, notes, send } = await collector('TLSv1.3', 'nothing');
    await send(parcels('one'));
    await send(parcels('two'));
    expect(texts.filter((text) => text.includes('one'))).toHaveLength(1);
    expect(texts.filter((text) => text.includes('two'))).toHaveLength(1);
    expect(notes).toEqual([
      expect.stringMatching(/never ends a connection; what it has not read .* is lost$/),
    ]);
  });

  it('sends again what a collector that answers otherwise left without an answer once', async () => {
    const { texts, notes, send } = await collector('TLSv1.3', 'nothing', 'answer');
    await send(parcels('one'));
    expect(texts.filter((text) => text.includes('one'))).toHaveLength(2);
    expect(notes).toEqual([]);
  });

  it('sends what waits together in one connection', async () => {
    const { texts, send } = await collector('TLSv1.3', 'answer');
    await send(parcels('first'));
    await Promise.all([send(parcels('a')), send(parcels('b')), send(parcels('c'))]);
    expect(texts.length).toBeLessThanOrEqual(3);
    expect(texts.slice(1).join('')).toMatch(/a.*b.*c/s);
  });
});

it('finds the last TLS record, however the bytes are cut', () => {
  const record = fc.record({
    type: fc.constantFrom(20, 21, 22, 23),
    length: fc.constantFrom(0, 2, 19, 26, 300),
  });
  fc.assert(
    fc.property(fc.array(record, { minLength: 1 }), fc.integer({ min: 1, max: 50 }), (records, piece) => {
      const bytes = Buffer.concat(
        records.map(({ type, length }) =>
          Buffer.concat([Buffer.from([type, 3, 3, length >> 8, length & 255]), Buffer.alloc(length)]),
        ),
      );
      const watch = new RecordWatch();
      for (let at = 0; at < bytes.length; at += piece) watch.read(bytes.subarray(at, at + piece));
      const { type, length } = records.at(-1)!;
      expect(watch.alerted).toBe(type === 21 || (type === 23 && length === 19));
      watch.read(Buffer.from([23]));
      expect(watch.alerted).toBe(false);
    }),
  );
});
