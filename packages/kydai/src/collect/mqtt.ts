import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type Intake, readTopicMessage } from '@kydai/siem';
import { connect, type IPublishPacket } from 'mqtt';
import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { ShellError } from '../error.ts';

/** A standing subscription to a broker. */
export interface MqttSubscription {
  readonly connected: boolean;
  /** Takes no more; what was not acknowledged stays with the broker for the next start. */
  close(): Promise<void>;
}

const weekSeconds = 7 * 24 * 3600;
const mostBytes = 256 * 1024;

/**
 * Subscribes to a broker (MQTT 5) and takes each message into the intake, one account for each topic.
 *
 * INVARIANT: a message of quality of service 1 is acknowledged only once it is durable. The session outlives a
 * disconnect and a restart by a week, so the broker keeps what comes meanwhile; it sends again what was not
 * acknowledged. Back-pressure: a message that finds no room waits, and the broker is not read on.
 *
 * @throws ShellError `setting` where a file of the settings cannot be read
 */
export function subscribeMqtt(parts: {
  readonly settings: Config['mqtt'];
  readonly intake: Intake;
  readonly log: Logger;
}): MqttSubscription {
  const { settings, intake, log } = parts;
  const { url, topics, username, password, clientId } = settings;
  let closing = false;
  const client = connect(url, {
    protocolVersion: 5,
    clientId,
    clean: false,
    reconnectPeriod: 5000,
    connectTimeout: 10_000,
    keepalive: 30,
    properties: {
      sessionExpiryInterval: weekSeconds,
      receiveMaximum: 256,
      maximumPacketSize: mostBytes + 4096,
    },
    ...(username === '' ? {} : { username, password }),
    ...file('ca', settings.ca),
    ...file('cert', settings.certificate),
    ...file('key', settings.key),
    rejectUnauthorized: true,
    resubscribe: false,
  });
  client.on('connect', () => {
    const wanted = Object.fromEntries(topics.map((topic) => [topic, { qos: 1 as const }]));
    client.subscribe(wanted, (error, granted = []) => {
      if (error) log.error({ err: error }, 'mqtt: the broker refused the subscription');
      for (const { topic, qos } of granted) {
        if (qos >= 128) log.error({ topic, reason: qos }, 'mqtt: the broker refused a topic');
      }
    });
  });
  // One line for each cause until it changes: a broker that is away for a day must not fill the log.
  let told = '';
  client.on('error', (error) => {
    if (error.message !== told) log.warn({ err: error }, 'mqtt: the broker cannot be used; trying again');
    told = error.message;
  });
  client.on('connect', () => {
    told = '';
  });
  client.handleMessage = (packet, done) => {
    keep(packet).then((kept) => {
      if (kept) done();
    }, done);
  };

  return {
    get connected() {
      return client.connected;
    },
    async close() {
      closing = true;
      // A DISCONNECT without a will or a new expiry: the session stays.
      await Promise.race([client.endAsync(), delay(2000)]);
      await client.endAsync(true);
    },
  };

  /** Resolves to false where the program stops first: the message is then not acknowledged. */
  async function keep(packet: IPublishPacket): Promise<boolean> {
    const { topic, retain, dup, qos } = packet;
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    const account = intake.account('mqtt', topic.slice(0, 128).replace(/\p{Cc}/gu, '?'));
    const read = readTopicMessage(intake, {
      topic,
      payload,
      fields: { 'mqtt.qos': qos, 'mqtt.retained': retain, ...(dup ? { 'mqtt.duplicate': true } : {}) },
    });
    if (typeof read === 'string') {
      account.refuse(read, payload.length, intake.clock.now());
      return true;
    }
    for (let pause = 10; !closing; pause = Math.min(pause * 2, 2000)) {
      const outcomes = await intake.submit(account, [read]);
      if (outcomes?.[0] === 'kept') return true;
      if (outcomes === undefined) account.note('waited-for-room');
      await delay(pause);
    }
    return false;
  }
}

function file(name: 'ca' | 'cert' | 'key', path: string): object {
  if (path === '') return {};
  try {
    return { [name]: readFileSync(path) };
  } catch (error) {
    const setting = name === 'cert' ? 'certificate' : name;
    throw new ShellError('setting', `setting \`mqtt.${setting}\`: cannot read \`${path}\``, { cause: error });
  }
}
