import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import type { Event } from '@kydai/contracts';
import { expect, test } from 'vitest';
import { createIntake } from './intake.ts';
import { createJsonLinesHandler } from './json-lines.ts';
import { until } from './store.fixture.ts';
import { createSyslogCollector } from './syslog.ts';

/** A store that takes so many events a second and no more. */
class SlowStore {
  readonly events: Event[] = [];
  readonly #perSecond: number;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  async append(events: readonly Event[]): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, (events.length / this.#perSecond) * 1000));
    this.events.push(...events);
  }
}

const line = (text: string) => `<13>Nov 21 20:26:00 vm app: ${text}`;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('under three times its capacity nothing is lost silently and nothing acknowledged is missing', async () => {
  const capacity = 1500;
  const seconds = 2;
  const store = new SlowStore(capacity);
  const intake = createIntake({
    store,
    clock: { now: () => Date.now() },
    onEvents: () => {},
    limits: { queueFrames: 1000, batchFrames: 200, closeMs: 20_000 },
  });
  const limits = { udpRingBytes: 65_536 };
  const collector = createSyslogCollector({ host: '127.0.0.1', udpPort: 0, tcpPort: 0, intake, limits });
  const { udp, tcp } = await collector.listen();
  const handler = createJsonLinesHandler({ intake, limits: { retryAfter: 0 } });
  const began = performance.now();
  const end = began + seconds * 1000;
  /** What must be sent by now: datagrams twice what the store takes, the stream as much; requests come on top. */
  const due = (factor: number) => Math.ceil(((performance.now() - began) / 1000) * capacity * factor);

  const datagrams = async (): Promise<number> => {
    const socket = createSocket('udp4');
    let sent = 0;
    while (performance.now() < end) {
      for (const all = due(2); sent < all; ) {
        const text = `udp ${sent++}`;
        const login = `<38>Nov 21 20:26:00 vm sshd[1]: ${text}`;
        socket.send(sent % 4 === 0 ? login : line(text), udp!.port, '127.0.0.1');
      }
      await pause(10);
    }
    await new Promise<void>((resolve) =>
      socket.send(line(`udp ${sent++}`), udp!.port, '127.0.0.1', () => resolve()),
    );
    socket.close();
    return sent;
  };

  const stream = async (): Promise<number> => {
    const socket = connect(tcp!.port, '127.0.0.1');
    await once(socket, 'connect');
    let sent = 0;
    while (performance.now() < end) {
      const lines = Array.from({ length: due(1) - sent }, () => `${line(`tcp ${sent++}`)}\n`).join('');
      if (!socket.write(lines)) await Promise.race([once(socket, 'drain'), pause(200)]);
      await pause(10);
    }
    socket.end();
    await once(socket, 'close');
    return sent;
  };

  const requests = async (): Promise<string[]> => {
    const acknowledged: string[] = [];
    let sent = 0;
    while (performance.now() < end) {
      const names = Array.from({ length: 20 }, () => `http ${sent++}`);
      const body = names.map((name) => JSON.stringify({ name })).join('\n');
      const request = new Request('http://localhost/', { method: 'POST', body });
      const answer = await handler(request, { address: '10.0.0.1' });
      if (answer.status === 200) acknowledged.push(...names);
      else expect(answer.status).toBe(429);
      await pause(10);
    }
    return acknowledged;
  };

  const [udpSent, tcpSent, acknowledged] = await Promise.all([datagrams(), stream(), requests()]);
  const read = () => intake.ledgers().find(({ source }) => source === 'syslog-tcp/127.0.0.1')!.received;
  await until(() => read() === tcpSent, 15_000);
  await collector.countKernelDrops();
  await collector.close();
  await intake.close();

  const ledgers = new Map(intake.ledgers().map((ledger) => [ledger.source, ledger]));
  for (const { received, kept, refused, dropped, pending } of ledgers.values()) {
    expect(pending).toBe(0);
    expect(received).toBe(kept + refused + dropped);
  }
  const datagramLedger = ledgers.get('syslog-udp/127.0.0.1')!;
  expect(datagramLedger.reasons['queue-full']).toBeGreaterThan(0);
  expect(datagramLedger.reasons['queue-full-urgent']).toBeUndefined();
  if (existsSync('/proc/net/udp')) {
    expect(datagramLedger.received + (ledgers.get('syslog-udp/kernel')?.received ?? 0)).toBe(udpSent);
  }
  const streamLedger = ledgers.get('syslog-tcp/127.0.0.1')!;
  expect(streamLedger).toMatchObject({ received: tcpSent, kept: tcpSent, dropped: 0 });

  const kept = [...ledgers.values()].reduce((sum, ledger) => sum + ledger.kept, 0);
  expect(store.events).toHaveLength(kept);
  expect(new Set(store.events.map((event) => event.id)).size).toBe(kept);
  const names = new Set(store.events.map((event) => event.fields.get('name')));
  expect(acknowledged.length).toBeGreaterThan(0);
  expect(acknowledged.filter((name) => !names.has(name))).toEqual([]);
}, 30_000);
