import { createSocket } from 'node:dgram';
import { join } from 'node:path';
import { loadConfig, type Running, startKydai } from '@kydai/kydai';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, temporaryFolder } from '../program.ts';

const ports = Object.fromEntries(
  ['HTTP', 'DEVICES', 'STATUS', 'COLLECT', 'SYSLOG_UDP', 'SYSLOG_TCP', 'SYSLOG_TLS'].map((name) => [
    `KYDAI_${name}_PORT`,
    '0',
  ]),
);

describe('a flood of lines about devices that do not exist', () => {
  const environment = { ...ports, KYDAI_DATA: join(temporaryFolder(), 'data') };
  const config = loadConfig({ file: 'none.yaml', required: false, environment });
  let running: Running;

  beforeAll(async () => {
    running = await startKydai({ config, environment, log: pino({ level: 'silent' }) });
    await running.kydai.authority.devices.register(
      { id: 'light-7', kind: 'traffic-controller', zone: 'traffic' },
      'user:test',
    );
  });
  afterAll(() => running.stop());

  const send = async (messages: readonly string[]) => {
    const body = messages.map((message) => `${JSON.stringify({ message })}\n`).join('');
    const headers = { 'content-type': 'application/x-ndjson' };
    const response = await fetch(`${running.addresses.collect}/events`, { method: 'POST', headers, body });
    expect(await response.json()).toMatchObject({ kept: messages.length });
  };
  const tampering = (device: string) =>
    [0, 1, 2].map(
      (value) =>
        `<134>1 ${new Date().toISOString()} ${device} controller - - - device=${device} action=phase_change value=${value} scheduled=no user=at-${device} src=10.3.0.7`,
    );
  it('hides no attack on a device of the city, and asks people about that one alone', async () => {
    await send(Array.from({ length: 1500 }, (_, n) => tampering(`fake-${n}`)).flat());
    await send(tampering('light-7'));
    const { executor } = running.kydai;
    await eventually(async () => (await executor.waiting()).length > 0, 60_000);
    await executor.settled();
    const asked = await executor.waiting();
    expect(asked.map(({ incidentTitle }) => incidentTitle.endsWith('light-7'))).toEqual([true]);
  });

  it('by datagrams costs no line of a security program that was read, and each is accounted for', async () => {
    const [host, port] = running.addresses.syslogUdp.split(':') as [string, string];
    const socket = createSocket('udp4');
    const logins = 300;
    const others = 30_000;
    for (let sent = 0; sent < others; sent += 100) {
      for (let n = 0; n < 100; n++)
        socket.send(`<134>1 - cam-1 camera - - - bulk ${sent + n} ${'x'.repeat(500)}`, Number(port), host);
      await new Promise((resolve) => {
        socket.send(`<86>1 - vm sudo - - - flooded ${sent}`, Number(port), host, resolve);
      });
    }
    const ledgers = () =>
      running.kydai.intake.ledgers().filter(({ source }) => source.startsWith('syslog-udp/'));
    const sum = (column: 'received' | 'kept' | 'dropped' | 'pending') =>
      ledgers().reduce((total, ledger) => total + ledger[column], 0);
    await eventually(async () => sum('received') === others + logins && sum('pending') === 0, 40_000);
    socket.close();
    expect(sum('kept') + sum('dropped')).toBe(others + logins);
    for (const { reasons } of ledgers()) expect(reasons).not.toHaveProperty('queue-full-urgent');
    const kept = await running.kydai.events.aggregate({
      from: 0,
      to: Number.MAX_SAFE_INTEGER,
      filter: { op: 'equals', field: 'process.name', value: 'sudo' },
    });
    // What no process had time to read the kernel drops, whatever it says; of what was read, none is missing.
    const unread = ledgers().reduce((total, { reasons }) => total + (reasons['kernel-buffer'] ?? 0), 0);
    const written = kept.reduce((total, { count }) => total + count, 0);
    expect(written).toBeLessThanOrEqual(logins);
    expect(written + unread).toBeGreaterThanOrEqual(logins);
  });

  it('is told of in the metrics', async () => {
    const text = await fetch(`${running.addresses.http}/metrics`).then((response) => response.text());
    for (const name of ['suppressed', 'late', 'evicted'])
      expect(text).toMatch(new RegExp(`^kydai_detection_${name}_total.* \\d+$`, 'm'));
  });
});
