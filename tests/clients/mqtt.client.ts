import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, type Program, startProgram, temporaryFolder } from '../program.ts';
import { type Checks, command, shell } from './checks.ts';

const password = 'a password for the broker';

/** A real mosquitto with TLS and passwords: the program subscribes, and loses nothing over a kill or a broken broker. */
export async function run(_program: Program, checks: Checks): Promise<void> {
  const folder = temporaryFolder();
  const port = await freePort();
  await shell(
    folder,
    `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout broker.key -out broker.pem \
       -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost
     chmod 644 broker.key; mosquitto_passwd -c -b users kydai '${password}'; chmod 644 users`,
  );
  writeFileSync(
    join(folder, 'mosquitto.conf'),
    `listener ${port} 127.0.0.1
certfile ${folder}/broker.pem
keyfile ${folder}/broker.key
password_file ${folder}/users
allow_anonymous false
max_queued_messages 100000
max_inflight_messages 100
user root
`,
  );
  let broker = startBroker();
  const publish = (...options: string[]) =>
    command(folder, 'mosquitto_pub', [
      '--cafile', 'broker.pem', '-h', 'localhost', '-p', String(port), '-u', 'kydai', '-P', password, ...options,
    ]); // biome-ignore format: one line of options
  await eventually(async () => (await publish('-t', 'probe', '-m', 'x')).code === 0);

  const environment = {
    KYDAI_MQTT_URL: `mqtts://localhost:${port}`,
    KYDAI_MQTT_TOPICS: 'city/#',
    KYDAI_MQTT_USERNAME: 'kydai',
    KYDAI_MQTT_PASSWORD: password,
    KYDAI_MQTT_CA: join(folder, 'broker.pem'),
  };
  let program = await startProgram({ folder, environment });
  const found = async (query: string) => {
    const { stdout } = await program.cli('search', query, '--limit', '1000', '--json');
    const lines = stdout.trim().split('\n').filter(Boolean);
    return lines.map(
      (line) => JSON.parse(line) as { raw: string; dataset: string; fields: Record<string, unknown> },
    );
  };
  const waitFor = (query: string, count: number, limit = 20_000) =>
    eventually(async () => {
      const events = await found(query);
      return events.length >= count ? events : undefined;
    }, limit).catch(() => []);

  // Until the subscription stands, the broker forgets what is published.
  await eventually(async () => {
    await publish('-t', 'city/probe', '-m', 'probe');
    return (await found('mqtt.topic:"city/probe"')).length > 0;
  });
  for (const qos of ['0', '1', '2']) {
    await publish(
      '-t',
      'city/cam/1',
      '-q',
      qos,
      '-m',
      `{"event.dataset":"camera.log","kydai_test":"qos-${qos}"}`,
    );
    const [event] = await waitFor(`kydai_test:qos-${qos}`, 1);
    checks.equal(`quality of service ${qos}: the event has its dataset`, event?.dataset, 'camera.log');
    checks.equal(`quality of service ${qos}: and its topic`, event?.fields['mqtt.topic'], 'city/cam/1');
  }
  await publish('-t', 'city/text', '-q', '1', '-m', 'nhiệt độ 23,5 °C');
  const [text] = await waitFor('mqtt.topic:"city/text"', 1);
  checks.equal('text keeps its characters', text?.fields['message'], 'nhiệt độ 23,5 °C');
  writeFileSync(join(folder, 'bytes.bin'), Buffer.from([0x7b, 0xff, 0x00, 0xfe]));
  await publish('-t', 'city/bytes', '-q', '1', '-f', 'bytes.bin');
  const [bytes] = await waitFor('mqtt.topic:"city/bytes"', 1);
  checks.matches(
    'what is no text is kept and flagged',
    String(bytes?.fields['error.message']),
    /not valid UTF-8/,
  );
  writeFileSync(join(folder, 'large.bin'), Buffer.alloc(300 * 1024, 0x61));
  await publish('-t', 'city/large', '-q', '1', '-f', 'large.bin');

  program.stop('SIGKILL');
  await delay(200);
  writeFileSync(
    join(folder, 'lines.txt'),
    Array.from({ length: 500 }, (_, n) => `while away ${n}\n`).join(''),
  );
  const sent = await shell(
    folder,
    `mosquitto_pub --cafile broker.pem -h localhost -p ${port} -u kydai -P '${password}' -t city/away -q 1 -l < lines.txt`,
  );
  checks.equal('500 messages are published while the program is dead', sent.code, 0);
  program = await startProgram({ folder, environment });
  const away = await waitFor('mqtt.topic:"city/away"', 500);
  checks.equal('after the restart every one of them is there', new Set(away.map(({ raw }) => raw)).size, 500);
  checks.equal('a message larger than the limit is not', (await found('mqtt.topic:"city/large"')).length, 0);

  broker.kill();
  await delay(500);
  broker = startBroker();
  await eventually(async () => (await publish('-t', 'probe', '-m', 'x')).code === 0);
  const again = await eventually(async () => {
    await publish('-t', 'city/again', '-q', '1', '-m', 'after the broker came back');
    return (await found('mqtt.topic:"city/again"')).length > 0;
  }, 30_000).catch(() => false);
  checks.ok('after the broker was restarted the program subscribes again', again === true);

  const count = 5000;
  writeFileSync(
    join(folder, 'many.txt'),
    Array.from({ length: count }, (_, n) => `{"rate_test":${n}}\n`).join(''),
  );
  const ledger = async () => {
    const text = await (await fetch(`${program.addresses.http}/metrics`)).text();
    return Number(/kydai_source_events_kept_total\{transport="mqtt"\} (\d+)/.exec(text)?.[1] ?? 0);
  };
  const before = await ledger();
  const started = performance.now();
  await shell(
    folder,
    `mosquitto_pub --cafile broker.pem -h localhost -p ${port} -u kydai -P '${password}' -t city/rate -q 1 -l < many.txt`,
  );
  const all = await eventually(async () => (await ledger()) >= before + count, 60_000).catch(() => false);
  const rate = Math.round((count * 1000) / (performance.now() - started));
  checks.ok(`${count} messages with acknowledgement become durable`, all === true, String(await ledger()));
  console.log(`mqtt.qos1.rate ${rate} messages a second, each acknowledged when durable`);

  checks.equal('the program stops cleanly with a subscription', await program.stop('SIGTERM'), 0);
  broker.kill();

  function startBroker(): ChildProcess {
    const child = spawn('mosquitto', ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore' });
    process.once('exit', () => child.kill('SIGKILL'));
    return child;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
