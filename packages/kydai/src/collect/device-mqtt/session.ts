import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import mqtt, { type IConnectPacket, type IPublishPacket, type Packet } from 'mqtt-packet';
import { Pace } from './pace.ts';

/** What became of a message: durable, not allowed, or not a message that is taken. */
export type MessageOutcome = 'kept' | 'denied' | 'invalid';

/** A publish of a device, as the session hands it on. */
export interface DeviceMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  /** The device sent it before and heard no acknowledgement. */
  readonly duplicate: boolean;
}

export interface SessionLimits {
  /** Bytes of one payload. */
  readonly payloadBytes: number;
  /** Messages of one connection that wait to become durable; beyond it the connection is not read on. */
  readonly inFlight: number;
  readonly perSecond: number;
  readonly burst: number;
  /** Milliseconds within which the first packet must be a CONNECT. */
  readonly connectMs: number;
  /** The longest silence of a device that asks for none to be noticed, milliseconds. */
  readonly silenceMs: number;
}

export const defaultSessionLimits: SessionLimits = {
  payloadBytes: 64 * 1024,
  inFlight: 64,
  perSecond: 50,
  burst: 200,
  connectMs: 10_000,
  silenceMs: 20 * 60_000,
};

/** Why a session ends, as MQTT 5 section 2.4 numbers it. */
export const reasons = {
  malformed: 0x81,
  protocol: 0x82,
  unsupported: 0x84,
  notAuthorized: 0x87,
  busy: 0x89,
  shutdown: 0x8b,
  keepAlive: 0x8d,
  takenOver: 0x8e,
  tooLarge: 0x95,
  administrative: 0x98,
} as const;

export interface DeviceSession {
  /** Tells the device why (MQTT 5) and cuts the connection. */
  end(reason: number): void;
}

/** A topic and what MQTT puts around it. */
const overhead = 2048;

/**
 * One device's MQTT connection (3.1, 3.1.1 and 5): it takes what the device publishes and gives nothing out, for it is
 * no broker.
 *
 * INVARIANT: a publish of quality of service 1 or 2 is acknowledged only once it is durable, in the order in which it
 * came. Nothing is taken before CONNECT was accepted. Beyond the limits of rate and number the connection is not read
 * on, so that what waits, waits at the device.
 */
export function createDeviceSession(parts: {
  readonly stream: Duplex;
  readonly limits: SessionLimits;
  /** Whether the device may be connected; asked at CONNECT, with its client id. */
  readonly admit: (clientId: string) => boolean;
  /** Resolves once the message is durable, or is not to be. Rejects where the program stops first. */
  readonly take: (message: DeviceMessage) => Promise<MessageOutcome>;
  /** A message that was too large, in bytes: counted, never read. */
  readonly onTooLarge: (bytes: number) => void;
  /** What came was no MQTT, or not in order: counted. */
  readonly onMalformed?: () => void;
  readonly onEnd: () => void;
}): DeviceSession {
  const { stream, limits, admit, take, onTooLarge, onMalformed, onEnd } = parts;
  let version = 4;
  let connected = false;
  let ended = false;
  let waiting = 0;
  /** Of those, how many came faster than the device may send. */
  let paced = 0;
  let silence: NodeJS.Timeout | undefined;
  let will: DeviceMessage | undefined;
  /** Messages of quality of service 2 that were received and not yet released. */
  const unreleased = new Set<number>();
  /** What was asked is answered in that order. */
  let answering: Promise<void> = Promise.resolve();
  const pace = new Pace(limits.perSecond, limits.burst, Date.now());
  const parser = mqtt.parser();
  const send = (packet: Packet) => {
    if (!ended && !stream.destroyed) stream.write(mqtt.generate(packet, { protocolVersion: version }));
  };
  const first = setTimeout(() => end(reasons.protocol), limits.connectMs);
  first.unref();

  parser.on('packet', receive);
  parser.on('error', () => end(reasons.malformed));
  stream.on('data', (chunk: Buffer) => {
    if (ended) return;
    silence?.refresh();
    try {
      const left = parser.parse(chunk);
      if (left <= limits.payloadBytes + overhead) return;
      onTooLarge(left);
      end(reasons.tooLarge);
    } catch {
      end(reasons.malformed);
    }
  });
  stream.on('error', () => stream.destroy());
  stream.once('close', () => {
    ended = true;
    clearTimeout(first);
    clearTimeout(silence);
    // What the device wants told where it goes without a word; it is decided on like any other publish.
    if (will !== undefined) take(will).catch(() => {});
    onEnd();
  });
  return { end };

  function receive(packet: Packet): void {
    if (ended) return;
    if (packet.cmd === 'connect') connect(packet);
    else if (connected) handle(packet);
    else end(reasons.protocol);
  }

  function handle(packet: Packet): void {
    const { messageId = 0 } = packet;
    switch (packet.cmd) {
      case 'publish':
        publish(packet);
        break;
      case 'pubrel':
        unreleased.delete(messageId);
        inOrder(async () => send({ cmd: 'pubcomp', messageId }));
        break;
      case 'pingreq':
        send({ cmd: 'pingresp' });
        break;
      case 'subscribe': {
        // Nothing is given out here; a device that asks is told so.
        const refused = version === 5 ? reasons.notAuthorized : 128;
        send({ cmd: 'suback', messageId, granted: packet.subscriptions.map(() => refused) });
        break;
      }
      case 'unsubscribe':
        send({ cmd: 'unsuback', messageId, granted: packet.unsubscriptions.map(() => 0) });
        break;
      case 'disconnect':
        // What was published before it is still kept and counted. Reason 4 of MQTT 5 asks for the will all the same.
        if (packet.reasonCode !== 4) will = undefined;
        inOrder(async () => void stream.end());
        break;
      default:
        end(reasons.protocol);
    }
  }

  function connect(packet: IConnectPacket): void {
    if (connected) {
      end(reasons.protocol);
      return;
    }
    clearTimeout(first);
    version = packet.protocolVersion ?? 4;
    if (!admit(packet.clientId)) {
      send({ cmd: 'connack', returnCode: 5, reasonCode: reasons.notAuthorized, sessionPresent: false });
      finish();
      return;
    }
    connected = true;
    if (packet.will !== undefined) {
      const { topic, payload, qos = 0, retain = false } = packet.will;
      will = { topic, payload: bytesOf(payload), qos, retain, duplicate: false };
    }
    const asked = (packet.keepalive ?? 0) * 1500;
    silence = setTimeout(
      () => end(reasons.keepAlive),
      asked === 0 ? limits.silenceMs : Math.min(asked, limits.silenceMs),
    );
    silence.unref();
    send({
      cmd: 'connack',
      returnCode: 0,
      reasonCode: 0,
      sessionPresent: false,
      properties: {
        receiveMaximum: limits.inFlight,
        maximumPacketSize: limits.payloadBytes + overhead,
        retainAvailable: false,
        sessionExpiryInterval: 0,
        topicAliasMaximum: 0,
        wildcardSubscriptionAvailable: false,
        sharedSubscriptionAvailable: false,
        subscriptionIdentifiersAvailable: false,
        ...(packet.clientId === '' ? { assignedClientIdentifier: 'device' } : {}),
      },
    });
  }

  function publish(packet: IPublishPacket): void {
    const { topic, qos, retain, dup: duplicate, messageId = 0 } = packet;
    const payload = bytesOf(packet.payload);
    if (payload.length > limits.payloadBytes) {
      onTooLarge(payload.length);
      end(reasons.tooLarge);
      return;
    }
    if (topic === '' || packet.properties?.topicAlias !== undefined) {
      end(reasons.protocol);
      return;
    }
    // Sent again because our PUBREC was lost: it is taken already.
    if (qos === 2 && unreleased.has(messageId)) {
      inOrder(async () => send({ cmd: 'pubrec', messageId }));
      return;
    }
    if (qos === 2) unreleased.add(messageId);
    const pause = pace.take(Date.now());
    waiting++;
    if (pause > 0) paced++;
    goOn();
    const taken = delay(pause).then(() => {
      if (pause > 0) paced--;
      goOn();
      return take({ topic, payload, qos, retain, duplicate });
    });
    // Awaited in its turn below; a rejection before that must not count as nobody's.
    taken.catch(() => {});
    inOrder(async () => {
      const outcome = await taken.finally(() => {
        waiting--;
        goOn();
      });
      answer(outcome, qos, messageId);
    });
  }

  /** Reads on, or not. */
  function goOn(): void {
    if (paced > 0 || waiting >= limits.inFlight) stream.pause();
    else if (!ended) stream.resume();
  }

  function answer(outcome: MessageOutcome, qos: number, messageId: number): void {
    // Before MQTT 5 a refusal can be told in no other way (3.1.1, section 3.3.5).
    if (outcome !== 'kept' && version < 5) {
      end(reasons.notAuthorized);
      return;
    }
    const refusal = outcome === 'denied' ? reasons.notAuthorized : 0x90;
    const reasonCode = outcome === 'kept' ? 0 : refusal;
    if (qos === 1) send({ cmd: 'puback', messageId, reasonCode });
    else if (qos === 2) {
      if (outcome !== 'kept') unreleased.delete(messageId);
      send({ cmd: 'pubrec', messageId, reasonCode });
    }
  }

  function inOrder(act: () => Promise<void>): void {
    answering = answering.then(act).catch(() => end(reasons.shutdown));
  }

  function end(reason: number): void {
    if (ended) return;
    if (reason === reasons.malformed || reason === reasons.protocol) onMalformed?.();
    if (version === 5 && connected) send({ cmd: 'disconnect', reasonCode: reason });
    finish();
  }

  /** Lets what was written go out, and no longer than a device that does not read deserves. */
  function finish(): void {
    ended = true;
    stream.end();
    setTimeout(() => stream.destroy(), 250).unref();
  }
}

function bytesOf(payload: string | Buffer): Buffer {
  return typeof payload === 'string' ? Buffer.from(payload) : payload;
}
