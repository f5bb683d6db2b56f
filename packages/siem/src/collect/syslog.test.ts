import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createIntake } from './intake.ts';
import type { SyslogLimits } from './limits.ts';
import { MemoryStore, until } from './store.fixture.ts';
import { createSyslogCollector } from './syslog.ts';

const clock = { now: () => Date.now() };
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function setUp(limits: Partial<SyslogLimits> = {}, queueFrames = 10_000) {
  const store = new MemoryStore();
  const intake = createIntake({ store, clock, onEvents: () => {}, limits: { queueFrames, closeMs: 200 } });
  const collector = createSyslogCollector({ host: '127.0.0.1', udpPort: 0, tcpPort: 0, intake, limits });
  const { udp, tcp } = await collector.listen();
  stops.push(async () => {
    await collector.close();
    store.release();
    await intake.close();
  });
  const ledger = (source: string) => intake.ledgers().find((one) => one.source === source);
  return { store, intake, collector, udp: udp!, tcp: tcp!, ledger };
}

async function dial(port: number) {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  stops.push(async () => socket.destroy());
  return socket;
}

const line = (text: string) => `<13>Nov 21 20:26:00 vm app: ${text}`;

describe('syslog over UDP', () => {
  test('takes a message a datagram and names the source by its address', async () => {
    const { store, udp, ledger } = await setUp();
    const socket = createSocket('udp4');
    for (let index = 0; index < 20; index++) socket.send(`${line(`n${index}`)}\n`, udp.port, '127.0.0.1');
    socket.send(Buffer.from([0xff, 0, 1]), udp.port, '127.0.0.1');
    await until(() => store.events.length === 21);
    socket.close();
    expect(ledger('syslog-udp/127.0.0.1')).toMatchObject({ received: 21, kept: 21, parsed: 20, dropped: 0 });
    expect(store.events.at(-1)).toMatchObject({ dataset: 'raw', source: 'syslog-udp/127.0.0.1' });
  });

  test('loses datagrams that find no room, counted, and urgent ones last', async () => {
    const { store, udp, ledger, collector } = await setUp({ udpRingBytes: 8192 }, 10);
    store.held = true;
    const socket = createSocket('udp4');
    const send = (text: string) =>
      new Promise((resolve) => socket.send(text, udp.port, '127.0.0.1', resolve));
    const account = () => ledger('syslog-udp/127.0.0.1')!;
    for (let index = 0; index < 2000; index++) await send(line('x'.repeat(1000)));
    await until(() => (account()?.reasons['queue-full'] ?? 0) > 0);
    expect(account().pending).toBe(1);
    const login = '<38>Nov 21 20:26:00 vm sshd[1]: Invalid user a from 10.0.0.1';
    for (let index = 0; index < 9; index++) await send(login);
    await until(() => account().pending === 10);
    expect(account().reasons).not.toHaveProperty('queue-full-urgent');
    for (let index = 0; index < 2000; index++) await send(login + 'x'.repeat(1000));
    await until(() => (account().reasons['queue-full-urgent'] ?? 0) > 0);
    socket.close();
    const closed = collector.close();
    store.release();
    await closed;
    const kernel = ledger('syslog-udp/kernel')?.received ?? 0;
    expect(account().received + kernel).toBe(4009);
  });

  test('takes what comes to the urgent port, from an urgent sender, or of an urgent program, first', async () => {
    const first = async (urgent: object, message: string, port: 'udp' | 'urgent' = 'udp') => {
      const store = new MemoryStore();
      store.held = true;
      const intake = createIntake({ store, clock, onEvents: () => {}, limits: { queueFrames: 10 } });
      const collector = createSyslogCollector({ host: '127.0.0.1', udpPort: 0, intake, urgent });
      const addresses = await collector.listen();
      const socket = createSocket('udp4');
      const send = (text: string, to: number) =>
        new Promise((resolve) => socket.send(text, to, '127.0.0.1', resolve));
      // The bulk may use one place of ten.
      for (let index = 0; index < 20; index++) await send(line('bulk'), addresses.udp!.port);
      await until(() => intake.totals.queued >= 1);
      await send(message, addresses[port]!.port);
      await send(line('bulk'), addresses.udp!.port);
      await until(() => intake.totals.queued > 1, 500).catch(() => {});
      const queued = intake.totals.queued;
      socket.close();
      store.release();
      await collector.close();
      await intake.close();
      expect(store.events).toHaveLength(22);
      return queued > 1 ? store.events[1]!.raw : undefined;
    };
    const other = line('urgent');
    expect(await first({ port: 0 }, other, 'urgent')).toBe(other);
    expect(await first({ programs: ['modbusd'] }, '<134>1 - plc-1 modbusd - - - x')).toMatch(/modbusd/);
    expect(await first({}, other)).toBeUndefined();
    expect(await first({ senders: ['127.0.0.0/8'] }, other)).toBe(line('bulk'));
  });

  test('judges senders by their own address also where they share an account', async () => {
    const store = new MemoryStore();
    const limits = { sourcesPerTransport: 1 };
    const intake = createIntake({ store, clock, onEvents: () => {}, limits });
    const judge = (address: string) => (address === '127.0.0.3' ? 'blocked' : 'known');
    const collector = createSyslogCollector({ host: '127.0.0.1', udpPort: 0, intake, judge });
    const { udp } = await collector.listen();
    for (const address of ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4']) {
      const socket = createSocket('udp4');
      await new Promise<void>((resolve) => socket.bind(0, address, resolve));
      for (let n = 0; n < 3; n++) socket.send(line(address), udp!.port, '127.0.0.1');
      await until(() => intake.ledgers().reduce((sum, { received }) => sum + received, 0) % 3 === 0);
      await new Promise<void>((resolve) => setTimeout(() => socket.close(() => resolve()), 20));
    }
    await until(() => store.events.length === 9);
    const other = intake.ledgers().find(({ source }) => source === 'syslog-udp/other')!;
    expect(other).toMatchObject({ received: 9, dropped: 3, reasons: { 'address-blocked': 3 } });
    await collector.close();
    await intake.close();
  });

  test.runIf(existsSync('/proc/net/if_inet6'))('listens on all addresses of both versions', async () => {
    const store = new MemoryStore();
    const intake = createIntake({ store, clock, onEvents: () => {} });
    const collector = createSyslogCollector({ host: '::', udpPort: 0, intake, urgent: { port: 0 } });
    const { udp, urgent } = await collector.listen();
    const socket = createSocket('udp6');
    const four = createSocket('udp4');
    socket.send(line('six'), udp!.port, '::1');
    four.send(line('four'), udp!.port, '127.0.0.1');
    four.send(line('urgent'), urgent!.port, '127.0.0.1');
    await until(() => store.events.length === 3);
    socket.close();
    four.close();
    const sources = store.events.map(({ source }) => source).toSorted();
    expect(sources).toEqual(['syslog-udp/127.0.0.1', 'syslog-udp/127.0.0.1', 'syslog-udp/::1']);
    await collector.close();
    await intake.close();
  });

  test('cuts a datagram longer than the limit', async () => {
    const { store, udp } = await setUp({ lineBytes: 100 });
    const socket = createSocket('udp4');
    socket.send(line('y'.repeat(5000)), udp.port, '127.0.0.1');
    await until(() => store.events.length === 1);
    socket.close();
    expect(store.events[0]!.raw).toHaveLength(100);
    expect(store.events[0]!.fields.get('error.message')).toMatch(/longer than 100 bytes/);
  });
});

describe('syslog over TCP', () => {
  test('takes counted and newline frames in one stream', async () => {
    const { store, tcp, ledger } = await setUp();
    const socket = await dial(tcp.port);
    const counted = line('counted\nwith a newline');
    socket.write(`${line('one')}\n${Buffer.byteLength(counted)} ${counted}`);
    socket.end(line('đêm'));
    await until(() => store.events.length === 3);
    expect(store.events.map((event) => event.fields.get('message'))).toEqual([
      'one',
      'counted\nwith a newline',
      'đêm',
    ]);
    expect(ledger('syslog-tcp/127.0.0.1')).toMatchObject({ received: 3, kept: 3, parsed: 3 });
  });

  test('holds a sender back while the queue is full, and loses nothing', async () => {
    const { store, tcp, ledger, intake } = await setUp({}, 50);
    store.held = true;
    const socket = await dial(tcp.port);
    const count = 5000;
    socket.end(Array.from({ length: count }, (_, n) => `${line(`n${n}`)}\n`).join(''));
    await until(() => intake.totals.queued >= 10);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(ledger('syslog-tcp/127.0.0.1')).toMatchObject({ received: 10, pending: 10, dropped: 0 });
    store.release();
    await until(() => store.events.length === count);
    expect(store.events.map((event) => event.fields.get('message'))).toEqual(
      Array.from({ length: count }, (_, n) => `n${n}`),
    );
    expect(ledger('syslog-tcp/127.0.0.1')).toMatchObject({ received: count, kept: count, dropped: 0 });
  });

  test('ends a sender that never ends its frame, and keeps the beginning', async () => {
    const { store, tcp, ledger } = await setUp({ lineBytes: 1000, frameBytes: 50_000 });
    const socket = await dial(tcp.port);
    const closed = once(socket, 'close');
    const more = () => {
      if (!socket.destroyed && socket.write('x'.repeat(10_000))) setImmediate(more);
    };
    socket.on('drain', more);
    more();
    await closed;
    await until(() => store.events.length === 1);
    expect(store.events[0]!.raw).toHaveLength(1000);
    expect(ledger('syslog-tcp/127.0.0.1')!.reasons).toMatchObject({
      'frame-never-ended': 1,
      'line-too-long': 1,
    });
  });

  test('ends idle connections, and refuses more than its limit from one address', async () => {
    const { tcp, ledger, collector } = await setUp({ idleMs: 60, connectionsPerPeer: 2 });
    const sockets = [await dial(tcp.port), await dial(tcp.port), await dial(tcp.port)];
    await once(sockets[2]!, 'close');
    expect(ledger('syslog-tcp/127.0.0.1')!.reasons).toMatchObject({ 'connection-refused': 1 });
    await once(sockets[0]!, 'close');
    await until(() => collector.connections === 0);
    expect(ledger('syslog-tcp/127.0.0.1')!.reasons).toMatchObject({ 'idle-connection-ended': 2 });
  });

  test('keeps the half frame of a sender that dies', async () => {
    const { store, tcp } = await setUp();
    const socket = await dial(tcp.port);
    socket.write(`${line('whole')}\n500 <13>half of a`);
    await until(() => store.events.length === 1);
    socket.resetAndDestroy();
    await until(() => store.events.length === 2);
    expect(store.events[1]!.fields.get('error.message')).toMatch(/cut off after/);
  });

  test('waits, when it is closed, for room for what was read', async () => {
    const { store, intake, collector, tcp, ledger } = await setUp({}, 10);
    store.held = true;
    const socket = await dial(tcp.port);
    socket.write(Array.from({ length: 30 }, (_, n) => `${line(`n${n}`)}\n`).join(''));
    await until(() => intake.totals.queued === 2);
    const closed = collector.close();
    store.release();
    await closed;
    await intake.close();
    expect(ledger('syslog-tcp/127.0.0.1')).toMatchObject({ received: 30, kept: 30, dropped: 0 });
  });

  test('counts what waited for room when the program stops', async () => {
    const { store, intake, collector, tcp, ledger } = await setUp({ drainMs: 50 }, 10);
    store.refusing = true;
    const socket = await dial(tcp.port);
    socket.write(Array.from({ length: 30 }, (_, n) => `${line(`n${n}`)}\n`).join(''));
    await until(() => intake.totals.queued === 2);
    await collector.close();
    await intake.close();
    const { received, dropped, pending } = ledger('syslog-tcp/127.0.0.1')!;
    expect({ received, dropped, pending }).toEqual({ received: 30, dropped: 30, pending: 0 });
  });
});

const linux = existsSync('/proc/net/udp');
// Elsewhere the test has no way to find the process.
test.runIf(linux)('goes on on the same port after the process that reads datagrams was killed', async () => {
  const { store, udp, ledger } = await setUp();
  const socket = createSocket('udp4');
  const send = (text: string) => socket.send(line(text), udp.port, '127.0.0.1');
  send('before');
  await until(() => store.events.length === 1);
  const [reader] = readdirSync('/proc').filter((pid) => isReader(pid));
  process.kill(Number(reader), 'SIGKILL');
  await until(() => ledger('syslog-udp/kernel')?.reasons['reader-restarted'] === 1);
  await until(() => {
    send('after');
    return store.events.length > 1;
  });
  socket.close();
});

/** Whether a process is a reader of datagrams that this one started (proc(5)). */
function isReader(pid: string): boolean {
  try {
    const [, name, parent] = /\((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))!;
    return name === 'kydai-udp' && Number(parent) === process.pid;
  } catch {
    return false;
  }
}

test('an address that is blocked is not heard, counted, and heard again when it is not', async () => {
  const store = new MemoryStore();
  const intake = createIntake({ store, clock, onEvents: () => {} });
  let blocked = true;
  const judge = (address: string) => (blocked && address === '127.0.0.1' ? 'blocked' : 'known');
  const collector = createSyslogCollector({ host: '127.0.0.1', udpPort: 0, tcpPort: 0, intake, judge });
  const { udp, tcp } = await collector.listen();
  const socket = createSocket('udp4');
  socket.send(line('x'), udp!.port, '127.0.0.1');
  await once(await dial(tcp!.port), 'close');
  await until(() => intake.ledgers().length === 2 && intake.ledgers().some(({ dropped }) => dropped === 1));
  for (const { reasons } of intake.ledgers()) expect(reasons).toEqual({ 'address-blocked': 1 });
  expect(store.events).toEqual([]);
  // The reader drops what comes next by itself, and tells of it.
  const account = () => intake.ledgers().find(({ source }) => source === 'syslog-udp/127.0.0.1')!;
  for (let index = 0; index < 50; index++) socket.send(line('x'), udp!.port, '127.0.0.1');
  await until(() => account().reasons['address-blocked'] === 51);
  blocked = false;
  await until(() => {
    socket.send(line('y'), udp!.port, '127.0.0.1');
    return store.events.length > 0;
  });
  socket.close();
  await collector.close();
});

test('an unknown sender is counted, and heard unless it is to be refused', async () => {
  for (const [verdict, kept] of [
    ['unknown', 2],
    ['unknown-refused', 0],
  ] as const) {
    const store = new MemoryStore();
    const intake = createIntake({ store, clock, onEvents: () => {} });
    const judge = () => verdict;
    const collector = createSyslogCollector({ host: '127.0.0.1', udpPort: 0, tcpPort: 0, intake, judge });
    const { udp, tcp } = await collector.listen();
    const socket = createSocket('udp4');
    socket.send(line('x'), udp!.port, '127.0.0.1');
    const stream = await dial(tcp!.port);
    stream.end(`${line('x')}\n`);
    await until(() => intake.ledgers().filter(({ reasons }) => reasons['unknown-sender'] === 1).length === 2);
    await until(() => store.events.length === kept);
    socket.close();
    await collector.close();
    await intake.close();
    const sums = intake.ledgers().map(({ transport, dropped }) => [transport, dropped]);
    // A connection that is refused at the door brought no frame that could be dropped.
    expect(Object.fromEntries(sums)).toEqual({ 'syslog-udp': kept === 0 ? 1 : 0, 'syslog-tcp': 0 });
    expect(store.events).toHaveLength(kept);
  }
});

test('a port that is taken is an error of listen', async () => {
  const { intake, tcp } = await setUp();
  const second = createSyslogCollector({ host: '127.0.0.1', udpPort: 0, tcpPort: tcp.port, intake });
  await expect(second.listen()).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
