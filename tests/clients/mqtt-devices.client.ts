import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { enrol, exportDeviceKey } from '@kydai/device';
import { connectAsync, type MqttClient } from 'mqtt';
import { eventually, type Program, startProgram, temporaryFolder } from '../program.ts';
import { type Checks, command } from './checks.ts';

/**
 * Real MQTT clients with certificates of ours: mosquitto_pub and mosquitto_sub, and mqtt.js. What they may publish is
 * kept and counted, what they may not is refused, and who is quarantined or revoked is cut off while connected.
 */
export async function run(_program: Program, checks: Checks): Promise<void> {
  const folder = temporaryFolder();
  const program = await startProgram({ folder, environment: { KYDAI_DEVICES_MQTT: 'on' } });
  const { hostname, port } = new URL(program.addresses.deviceMqtt);
  const { rootPem } = JSON.parse(readFileSync(join(folder, 'data/operator.json'), 'utf8')) as {
    rootPem: string;
  };
  writeFileSync(join(folder, 'root.pem'), rootPem);

  const device = async (id: string) => {
    const token = (
      await program.cli('pki', 'token', id, '--kind', 'camera', '--zone', 'district-1', '--quiet')
    ).stdout;
    const identity = await enrol({
      estUrl: program.addresses.devices,
      deviceId: id,
      token: token.trim(),
      ca: rootPem,
      folder: temporaryFolder(),
    });
    const cert = identity.certificate.toString();
    writeFileSync(join(folder, `${id}.pem`), cert);
    const key = exportDeviceKey(identity.key);
    writeFileSync(join(folder, `${id}.key`), key, { mode: 0o600 });
    return { cert, key };
  };
  const as = (id: string) => ['--cert', `${id}.pem`, '--key', `${id}.key`];
  const tool = (name: 'mosquitto_pub' | 'mosquitto_sub', ...options: string[]) =>
    command(folder, name, ['-h', hostname, '-p', port, '--cafile', 'root.pem', ...options]);
  const found = async (query: string, count: number) => {
    const look = async () => {
      const { stdout } = await program.cli('search', query, '--limit', '1000', '--json');
      const lines = stdout.trim().split('\n').filter(Boolean);
      return lines.length >= count ? lines.map((line) => JSON.parse(line) as { fields: object }) : undefined;
    };
    return (await eventually(look).catch(() => undefined)) ?? [];
  };

  const one = await device('cam-1');
  await device('cam-2');
  for (const version of ['mqttv31', 'mqttv311', 'mqttv5']) {
    for (const qos of ['0', '1', '2']) {
      const message = `reading ${version} ${qos}`;
      const topic = `devices/district-1/cam-1/readings/${version}`;
      const sent = await tool(
        'mosquitto_pub', '-V', version, '-q', qos, '-t', topic, '-m', message, ...as('cam-1'),
      ); // biome-ignore format: one line of options
      checks.equal(`mosquitto_pub, ${version}, quality of service ${qos}`, sent.code, 0);
      const [event] = await found(`"${message}"`, 1);
      const fields = (event?.fields ?? {}) as Record<string, unknown>;
      checks.equal(`${message} is kept as its device's`, fields['device.id'], 'cam-1');
      checks.equal(`${message} is kept with its topic`, fields['mqtt.topic'], topic);
    }
  }
  const sealed = `eyJ${'a'.repeat(4000)}.b.c.d.e`;
  await tool(
    'mosquitto_pub',
    '-q',
    '1',
    '-t',
    'devices/district-1/cam-1/readings',
    '-m',
    sealed,
    ...as('cam-1'),
  );
  const [opened] = await found('mqtt.topic:"devices/district-1/cam-1/readings"', 1);
  checks.equal(
    'a sealed reading is kept as it is',
    (opened?.fields as Record<string, unknown> | undefined)?.['message'],
    sealed,
  );

  const refused = async (what: string, ...options: string[]) => {
    const answer = await tool('mosquitto_pub', '-V', 'mqttv5', '-q', '1', '-m', 'x', ...options);
    checks.ok(
      `refused: ${what}`,
      answer.code !== 0 || /not authori[sz]ed|0x87|invalid/i.test(answer.output),
      answer.output,
    );
  };
  await refused('no certificate', '-t', 'devices/district-1/cam-1/readings');
  await refused('the topic of another', '-t', 'devices/district-1/cam-2/readings', ...as('cam-1'));
  await refused('another zone', '-t', 'devices/water/cam-1/readings', ...as('cam-1'));
  await refused(
    'a dataset that no policy permits',
    '-t',
    'devices/district-1/cam-1/commands',
    ...as('cam-1'),
  );
  await refused('a topic of no form', '-t', 'city/all', ...as('cam-1'));
  const told = await found('event.dataset:mqtt.log and event.action:publish and device.id:cam-1', 4);
  checks.ok('refusals are events for the rules', told.length >= 4, String(told.length));
  const heard = await tool('mosquitto_sub', '-V', 'mqttv5', '-t', '#', '-W', '3', ...as('cam-1'));
  checks.matches('nothing is given out', heard.output, /not authori[sz]ed|denied|0x87|All subscription/i);

  await withMqttJs(checks, program, { hostname, port: Number(port), rootPem, ...one }, found);
  const sources = (await program.cli('search', 'source:"mqtt/device/cam-1"', '--limit', '1')).stdout;
  checks.ok('what a device sent is found by its source', sources.trim() !== '');

  // Cut off while connected.
  for (const [id, cut] of [
    ['cam-1', () => program.cli('pki', 'devices', 'quarantine', 'cam-1', '--reason', 'test')],
    ['cam-2', () => revokeAll(program, 'cam-2')],
  ] as const) {
    const key = {
      cert: readFileSync(join(folder, `${id}.pem`)),
      key: readFileSync(join(folder, `${id}.key`)),
    };
    const live = await connect({ hostname, port: Number(port), rootPem, ...key }, id);
    checks.equal(`${id} is connected`, live.connected, true);
    const closed = new Promise<number>((resolve) => live.once('close', () => resolve(performance.now())));
    await cut();
    const began = performance.now();
    const ended = await Promise.race([closed, delay(1000)]);
    checks.ok(`${id} is cut off within a second`, ended !== undefined, `${performance.now() - began} ms`);
    const again = await connect({ hostname, port: Number(port), rootPem, ...key }, id).catch(() => undefined);
    checks.ok(`${id} is not let in again`, again === undefined);
    await live.endAsync(true);
    await again?.endAsync(true);
  }
  checks.equal('the program with the listener stops cleanly', await program.stop('SIGINT'), 0);
}

interface Place {
  readonly hostname: string;
  readonly port: number;
  readonly rootPem: string;
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

function connect({ hostname, port, rootPem, cert, key }: Place, clientId: string): Promise<MqttClient> {
  return connectAsync(
    `mqtts://${hostname}:${port}`,
    { ca: rootPem, cert, key, clientId, protocolVersion: 5, reconnectPeriod: 0, connectTimeout: 5000 },
    false,
  );
}

/** Many messages in flight, all acknowledged and all kept; and one that is larger than it may be. */
async function withMqttJs(
  checks: Checks,
  program: Program,
  place: Place,
  found: (query: string, count: number) => Promise<readonly unknown[]>,
): Promise<void> {
  const client = await connect(place, 'cam-1-js');
  const topic = 'devices/district-1/cam-1/readings/js';
  await Promise.all(
    Array.from({ length: 300 }, (_, n) =>
      client.publishAsync(topic, `{"n":${n}}`, { qos: n % 2 === 0 ? 1 : 2 }),
    ),
  );
  const kept = await found(`mqtt.topic:"${topic}"`, 300);
  checks.equal('mqtt.js: 300 acknowledged messages are 300 events', kept.length, 300);
  await client.endAsync();
  const { key } = JSON.parse(readFileSync(join(program.folder, 'data/operator.json'), 'utf8')) as {
    key: string;
  };
  const response = await fetch(`${program.addresses.http}/api/v1/sources`, {
    headers: { authorization: `Bearer ${key}` },
  });
  const { sources } = (await response.json()) as { sources: Record<string, number | string>[] };
  const ledger = sources.find(({ source }) => source === 'mqtt/device/cam-1');
  const sum = ['kept', 'refused', 'dropped', 'pending'].reduce(
    (total, name) => total + Number(ledger?.[name] ?? 0),
    0,
  );
  checks.equal('the ledger of the device is balanced', sum, Number(ledger?.['received'] ?? -1));
  checks.ok('and holds what was refused', Number(ledger?.['refused'] ?? 0) >= 4, JSON.stringify(ledger));
}

async function revokeAll(program: Program, id: string): Promise<void> {
  const { stdout } = await program.cli('pki', 'list', '--device', id, '--json');
  const serials = [...stdout.matchAll(/"serial":\s*"([0-9a-f]+)"/g)].map(([, serial]) => serial!);
  for (const serial of serials) await program.cli('pki', 'revoke', serial, '--reason', 'keyCompromise');
}
