import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { hasOpenssl } from '@kydai/contracts/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createIntake } from './intake.ts';
import { MemoryStore, until } from './store.fixture.ts';
import { createSyslogCollector, type SyslogTls } from './syslog.ts';

/** A CA, a server, and two senders, made by openssl as a city would make them. */
let folder = '';
const pem = (name: string) => readFileSync(join(folder, name), 'utf8');
const openssl = (...options: string[]) => execFileSync('openssl', options, { cwd: folder, stdio: 'ignore' });

function issue(name: string, subject: string, serial: string, ca = 'ca'): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
  openssl('req', '-new', ...key, '-subj', subject, '-out', `${name}.csr`);
  const by = ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-set_serial', serial, '-days', '2'];
  openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-extfile', 'san.cnf', '-out', `${name}.pem`);
}

describe.runIf(hasOpenssl)('syslog over TLS', () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kydai-tls-'));
    writeFileSync(join(folder, 'san.cnf'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
    for (const [ca, name] of [
      ['ca', 'City CA'],
      ['other', 'Other CA'],
    ] as const) {
      const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${ca}.key`];
      openssl('req', '-x509', ...key, '-subj', `/CN=${name}`, '-days', '2', '-out', `${ca}.pem`);
    }
    issue('server', '/CN=collector', '0x10');
    issue('camera', '/CN=cam-017', '0x0abc');
    issue('revoked', '/CN=cam-018', '0x0bad');
    issue('stranger', '/CN=cam-017', '0x0abc', 'other');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  async function setUp(tls: Partial<SyslogTls> = {}) {
    const store = new MemoryStore();
    const intake = createIntake({ store, clock: { now: () => Date.now() }, onEvents: () => {} });
    const listener = {
      port: 0,
      key: pem('server.key'),
      cert: pem('server.pem'),
      clientCa: pem('ca.pem'),
      ...tls,
    };
    const collector = createSyslogCollector({ host: '127.0.0.1', tls: listener, intake });
    const { tls: address } = await collector.listen();
    stops.push(async () => {
      await collector.close();
      await intake.close();
    });
    const reasons = () => Object.assign({}, ...intake.ledgers().map((ledger) => ledger.reasons));
    return { store, intake, collector, port: address!.port, reasons };
  }

  function dial(port: number, name?: string) {
    const own = name ? { key: pem(`${name}.key`), cert: pem(`${name}.pem`) } : {};
    const socket = connect({ port, host: '127.0.0.1', ca: pem('ca.pem'), ...own });
    socket.on('error', () => {});
    return socket;
  }

  const closed = (socket: { once(name: 'close', then: () => void): unknown }) =>
    new Promise<void>((resolve) => void socket.once('close', resolve));

  test('the end of a sender is answered when what it sent is durable, and not when it never will be', async () => {
    const { store, intake, collector, port, reasons } = await setUp();
    store.held = true;
    const send = (text: string) => {
      const socket = dial(port, 'camera');
      socket.resume();
      socket.end(`${text.length} ${text}`);
      let ended = false;
      socket.once('end', () => {
        ended = true;
      });
      return { socket, ended: () => ended };
    };
    const one = send('<13>1 - h app - - - one');
    await until(() => intake.totals.queued === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(one.ended()).toBe(false);
    store.release();
    await until(() => one.ended());
    expect(store.events).toHaveLength(1);

    store.refusing = true;
    const two = send('<13>1 - h app - - - two');
    await until(() => intake.totals.queued === 1);
    await collector.close();
    await closed(two.socket);
    store.refusing = false;
    await until(() => store.events.length === 2);
    expect(reasons()).toEqual({});
  });

  test('a line of `kydai ship` that is sent again is kept once, another with the same words twice', async () => {
    const { store, port, reasons } = await setUp();
    const line = (id: string) => `<13>1 - h kydai-ship - - [ship@32473 id="${id}"] the same words`;
    for (const ids of [['a', 'b'], ['b', 'a'], ['c']]) {
      const socket = dial(port, 'camera');
      socket.resume();
      socket.end(ids.map((id) => `${line(id).length} ${line(id)}`).join(''));
      await closed(socket);
    }
    expect(store.events).toHaveLength(3);
    expect(reasons()).toEqual({ 'sent-before': 2 });
  });

  test('a sender with a certificate of our CA is named by it', async () => {
    const { store, port } = await setUp();
    const socket = dial(port, 'camera');
    await once(socket, 'secureConnect');
    socket.end('38 <13>Nov 21 20:26:00 cam-017 camera: hi');
    await until(() => store.events.length === 1);
    expect(store.events[0]!.source).toBe('syslog-tls/cam-017');
  });

  test.each([
    ['without a certificate', undefined],
    ['with a certificate of another CA', 'stranger'],
  ])('a sender %s is turned away and counted', async (_, name) => {
    const { store, port, reasons } = await setUp();
    const socket = dial(port, name);
    socket.on('secureConnect', () => socket.write('<13>x: y\n'));
    await closed(socket);
    await until(() => reasons()['handshake-failed'] === 1);
    expect(store.events).toEqual([]);
  });

  test('a sender whose certificate is revoked is turned away at its next handshake', async () => {
    const { store, port, reasons } = await setUp({ revoked: (serial) => serial === '0bad' });
    const socket = dial(port, 'revoked');
    socket.on('secureConnect', () => socket.write('<13>x: y\n'));
    await closed(socket);
    expect(reasons()).toMatchObject({ 'certificate-refused': 1 });
    expect(store.events).toEqual([]);
  });

  test('the open connections of a certificate can be ended, and only those', async () => {
    const { collector, port } = await setUp();
    const socket = dial(port, 'camera');
    const other = dial(port, 'revoked');
    await Promise.all([once(socket, 'secureConnect'), once(other, 'secureConnect')]);
    await until(() => collector.connections === 2);
    const end = closed(socket);
    await until(() => collector.endSessions('0abc') === 1);
    await end;
    expect(collector.endSessions('0abc')).toBe(0);
    expect(other.destroyed).toBe(false);
    other.destroy();
  });

  test('a renewed certificate is shown to those who connect from then on', async () => {
    const { store, collector, port } = await setUp();
    const before = dial(port, 'camera');
    await once(before, 'secureConnect');
    issue('renewed', '/CN=collector', '0x11');
    collector.renewTls({ key: pem('renewed.key'), cert: pem('renewed.pem'), clientCa: pem('ca.pem') });
    const after = dial(port, 'camera');
    await once(after, 'secureConnect');
    expect([before, after].map((socket) => socket.getPeerCertificate().serialNumber)).toEqual(['10', '11']);
    before.end('<13>x: y\n');
    after.end('<13>x: y\n');
    await until(() => store.events.length === 2);
  });

  test('a listener without a client CA names senders by address', async () => {
    const store = new MemoryStore();
    const intake = createIntake({ store, clock: { now: () => Date.now() }, onEvents: () => {} });
    const listener = { port: 0, key: pem('server.key'), cert: pem('server.pem') };
    const collector = createSyslogCollector({ host: '127.0.0.1', tls: listener, intake });
    const { tls } = await collector.listen();
    const socket = dial(tls!.port);
    socket.end('<13>x: y\n');
    await until(() => store.events.length === 1);
    expect(store.events[0]!.source).toBe('syslog-tls/127.0.0.1');
    await collector.close();
    await intake.close();
  });

  test('a sender that speaks no TLS is turned away, and the others go on', async () => {
    const { store, port, reasons } = await setUp();
    const plain = connectPlain(port, '127.0.0.1');
    plain.on('error', () => {});
    plain.write('<13>Nov 21 20:26:00 vm app: in the clear\n');
    await closed(plain);
    await until(() => reasons()['handshake-failed'] === 1);
    dial(port, 'camera').end('<13>x: y\n');
    await until(() => store.events.length === 1);
  });
});
