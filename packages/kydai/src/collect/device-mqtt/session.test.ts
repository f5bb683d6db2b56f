import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import mqtt, { type Packet } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import {
  createDeviceSession,
  type DeviceMessage,
  defaultSessionLimits,
  type MessageOutcome,
} from './session.ts';
import { readDeviceTopic } from './topic.ts';

/** A connection in memory: what the test writes is read by the session, and the other way round. */
function connection(
  options: {
    readonly version?: 3 | 4 | 5;
    readonly take?: (message: DeviceMessage) => Promise<MessageOutcome>;
    readonly admit?: boolean;
    readonly limits?: object;
  } = {},
) {
  const { version = 5, admit = true } = options;
  const got: DeviceMessage[] = [];
  const answers: Packet[] = [];
  const tooLarge: number[] = [];
  const parser = mqtt.parser({ protocolVersion: version } as never);
  parser.on('packet', (packet: Packet) => answers.push(packet));
  const stream = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      parser.parse(chunk);
      done();
    },
  });
  const session = createDeviceSession({
    stream,
    limits: { ...defaultSessionLimits, ...options.limits },
    admit: () => admit,
    take: async (message) => {
      got.push(message);
      return (await options.take?.(message)) ?? 'kept';
    },
    onTooLarge: (bytes) => tooLarge.push(bytes),
    onEnd: () => {},
  });
  const send = (...packets: Packet[]) => {
    for (const packet of packets) stream.push(mqtt.generate(packet, { protocolVersion: version }));
  };
  const connect = (more: object = {}) =>
    send({
      cmd: 'connect',
      clientId: 'c',
      protocolVersion: version,
      protocolId: 'MQTT',
      clean: true,
      ...more,
    });
  const settle = async () => {
    for (let n = 0; n < 30; n++) await turn();
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { stream, session, send, connect, settle, got, answers, tooLarge };
}

const publish = (qos: 0 | 1 | 2, messageId: number, payload = 'x'): Packet => ({
  cmd: 'publish',
  topic: 'devices/z/d/readings',
  payload,
  qos,
  messageId,
  retain: false,
  dup: false,
});

describe('a device’s MQTT session', () => {
  test.each([4, 5] as const)('of version %i acknowledges what is durable, in order', async (version) => {
    const waiting: ((outcome: MessageOutcome) => void)[] = [];
    const { connect, send, settle, answers, got } = connection({
      version,
      take: () => new Promise((resolve) => waiting.push(resolve)),
    });
    connect();
    send(publish(0, 0), publish(1, 7), publish(2, 8));
    await settle();
    expect(got).toHaveLength(3);
    expect(answers.map(({ cmd }) => cmd)).toEqual(['connack']);
    waiting[2]!('kept');
    await settle();
    expect(answers).toHaveLength(1);
    waiting[0]!('kept');
    waiting[1]!('kept');
    await settle();
    send({ cmd: 'pubrel', messageId: 8, reasonCode: 0 } as Packet, { cmd: 'pingreq' });
    await settle();
    expect(answers.slice(1).map(({ cmd, messageId }) => `${cmd} ${messageId ?? ''}`)).toEqual([
      'puback 7',
      'pubrec 8',
      'pingresp ',
      'pubcomp 8',
    ]);
  });

  test('takes a message of quality of service 2 once, however often it comes before its release', async () => {
    const { connect, send, settle, got } = connection();
    connect();
    send(publish(2, 3), publish(2, 3), publish(2, 3));
    await settle();
    expect(got).toHaveLength(1);
    send({ cmd: 'pubrel', messageId: 3, reasonCode: 0 } as Packet, publish(2, 3));
    await settle();
    expect(got).toHaveLength(2);
  });

  test('tells a refusal by its reason in MQTT 5, and by the end of the connection before', async () => {
    const five = connection({ take: async () => 'denied' });
    five.connect();
    five.send(publish(1, 1));
    await five.settle();
    expect(five.answers.at(-1)).toMatchObject({ cmd: 'puback', reasonCode: 0x87 });
    expect(five.stream.writableEnded).toBe(false);
    const four = connection({ version: 4, take: async () => 'denied' });
    four.connect();
    four.send(publish(1, 1));
    await four.settle();
    expect(four.answers.map(({ cmd }) => cmd)).toEqual(['connack']);
    expect(four.stream.writableEnded).toBe(true);
  });

  test('gives nothing out', async () => {
    const { connect, send, settle, answers, stream } = connection();
    connect();
    send({ cmd: 'subscribe', messageId: 4, subscriptions: [{ topic: '#', qos: 0 }] });
    await settle();
    expect(answers.at(-1)).toMatchObject({ cmd: 'suback', granted: [0x87] });
    expect(stream.writableEnded).toBe(false);
  });

  test('refuses who may not be here, with words that MQTT has for it', async () => {
    const { connect, settle, answers, stream } = connection({ admit: false });
    connect();
    await settle();
    expect(answers[0]).toMatchObject({ cmd: 'connack', reasonCode: 0x87 });
    expect(stream.writableEnded).toBe(true);
  });

  test('takes nothing before CONNECT, and no second one', async () => {
    const early = connection();
    early.send(publish(1, 1));
    await early.settle();
    expect(early.got).toEqual([]);
    expect(early.stream.writableEnded).toBe(true);
    const twice = connection();
    twice.connect();
    twice.connect();
    await twice.settle();
    expect(twice.answers.at(-1)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x82 });
  });

  test('counts what is too large and ends, whether it is whole or still coming', async () => {
    const whole = connection({ limits: { payloadBytes: 100 } });
    whole.connect();
    whole.send(publish(0, 0, 'x'.repeat(101)));
    await whole.settle();
    expect(whole.tooLarge).toEqual([101]);
    expect(whole.answers.at(-1)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x95 });
    const endless = connection({ limits: { payloadBytes: 100 } });
    endless.connect();
    const bytes = mqtt.generate(publish(0, 0, 'x'.repeat(100_000)), { protocolVersion: 5 });
    for (let at = 0; at < 8000; at += 500) endless.stream.push(bytes.subarray(at, at + 500));
    await endless.settle();
    expect(endless.tooLarge).toHaveLength(1);
    expect(endless.got).toEqual([]);
  });

  test('is not read on while its rate or its number is beyond the limits', async () => {
    const fast = connection({ limits: { perSecond: 1, burst: 2 } });
    fast.connect();
    fast.send(publish(0, 0), publish(0, 0), publish(0, 0));
    await fast.settle();
    expect(fast.got).toHaveLength(2);
    expect(fast.stream.isPaused()).toBe(true);
    const many = connection({ take: () => new Promise(() => {}), limits: { inFlight: 3 } });
    many.connect();
    many.send(publish(1, 1), publish(1, 2), publish(1, 3));
    await many.settle();
    expect(many.stream.isPaused()).toBe(true);
  });

  test('keeps the will of a device that goes without a word, and not of one that says goodbye', async () => {
    const will = { topic: 'devices/z/d/readings', payload: Buffer.from('lost'), qos: 1, retain: false };
    const lost = connection();
    lost.connect({ will });
    await lost.settle();
    lost.stream.destroy();
    await lost.settle();
    expect(lost.got.map(({ payload }) => payload.toString())).toEqual(['lost']);
    const gone = connection();
    gone.connect({ will });
    gone.send({ cmd: 'disconnect', reasonCode: 0 } as Packet);
    await gone.settle();
    gone.stream.destroy();
    await gone.settle();
    expect(gone.got).toEqual([]);
  });

  test('survives whatever bytes come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }),
        fc.boolean(),
        (chunks, first) => {
          const { stream, connect } = connection();
          if (first) connect();
          for (const chunk of chunks) if (!stream.destroyed) stream.push(Buffer.from(chunk));
          stream.destroy();
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('a device’s topic', () => {
  test.each([
    ['devices/district-1/cam-001/readings', { zone: 'district-1', device: 'cam-001', dataset: 'readings' }],
    ['devices/z/d/video/lane/2', { zone: 'z', device: 'd', dataset: 'video' }],
    ['devices/z/d', undefined],
    ['devices/z/d/', undefined],
    ['devices//d/readings', undefined],
    ['devices/z/d/readings/#', undefined],
    ['devices/+/d/readings', undefined],
    ['devices/z/d/READINGS', undefined],
    ['other/z/d/readings', undefined],
    ['devices/z/d/readings/\u0000', undefined],
    [`devices/z/d/readings/${'x'.repeat(600)}`, undefined],
  ])('%j', (topic, expected) => {
    expect(readDeviceTopic(topic)).toEqual(expected);
  });
});
