import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer, type TLSSocket } from 'node:tls';
import type { Clock, Decide, Device, RecordStore, Signals } from '@kydai/contracts';
import { type Authority, devices } from '@kydai/pki';
import type { Intake, SourceAccount } from '@kydai/siem';
import { ShellError } from '../../error.ts';
import { Pace } from './pace.ts';
import {
  createDeviceSession,
  type DeviceMessage,
  type DeviceSession,
  defaultSessionLimits,
  type MessageOutcome,
  reasons,
  type SessionLimits,
} from './session.ts';
import { readDeviceTopic } from './topic.ts';

export interface DeviceMqtt {
  readonly port: number;
  readonly connections: number;
  renew(tls: { readonly key: string; readonly cert: string }): void;
  close(): Promise<void>;
}

interface Connection {
  readonly device: string;
  readonly address: string;
  /** Of the certificate that the handshake proved. */
  readonly serial: string;
  readonly notAfter: number;
  clientId: string;
  zone: string;
  session: DeviceSession | undefined;
}

/** Connections in all, of one device, and of one address. */
const most = { connections: 20_000, perDevice: 4 };
/** How often standing connections are judged again, milliseconds. What flips a decision by a signal cuts at once. */
const judgeEvery = 500;

/**
 * MQTT over TLS for devices with a certificate of ours.
 *
 * INVARIANT: whoever is connected could publish now: a device that is quarantined, revoked, at risk or forbidden by a
 * changed policy is cut off at once, or within the half second in which all are judged again. Each publish is a
 * decision of its own, and its topic is bound to the device and its zone.
 */
export async function listenDeviceMqtt(parts: {
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly key: string; readonly cert: string };
  readonly authority: Pick<Authority, 'verifyClient'>;
  readonly records: RecordStore;
  readonly signals: Signals;
  readonly clock: Clock;
  readonly intake: Intake;
  /** Decides, remembers and tells, for each publish. */
  readonly decide: Decide;
  /** Only decides, for the connections that stand. */
  readonly judge: Decide;
  readonly blocked: (address: string) => boolean;
  readonly limits?: Partial<SessionLimits>;
}): Promise<DeviceMqtt> {
  const { host, port, tls, authority, records, signals, clock, intake, decide, judge, blocked } = parts;
  const limits = { ...defaultSessionLimits, ...parts.limits };
  const connections = new Set<Connection>();
  const telling = new Map<string, Pace>();
  let closing = false;

  const server = createServer(
    {
      ...tls,
      minVersion: 'TLSv1.2',
      // Verified below: the refusal is then counted, and told to the device.
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: 10_000,
    },
    (socket) => void welcome(socket).catch(() => socket.destroy()),
  );
  server.maxConnections = most.connections;
  server.on('connection', (socket) => {
    if (blocked(plain(socket.remoteAddress))) socket.destroy();
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());

  const unsubscribe = signals.subscribe((signal) => {
    if (signal.type === 'device') {
      for (const connection of connections) {
        if (connection.device === signal.device.id) connection.zone = signal.device.zone;
      }
      // The facts hear the same signal, perhaps after us.
      setImmediate(() => judgeAll(signal.device.id));
    } else if (signal.type === 'certificate') {
      const { serial, subject, revoked } = signal.certificate;
      for (const connection of connections) {
        if (revoked !== undefined && connection.serial === serial) cut(connection);
      }
      setImmediate(() => judgeAll(subject));
    }
  });
  let timer: NodeJS.Timeout;
  const watch = (pause: number) => {
    timer = setTimeout(() => {
      const began = performance.now();
      judgeAll();
      // With very many connections this must not become all that the program does.
      watch(Math.max(judgeEvery, (performance.now() - began) * 10));
    }, pause);
    timer.unref();
  };
  watch(judgeEvery);

  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ code }: NodeJS.ErrnoException) => {
      const why = code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be used (${code})`;
      reject(new ShellError('listen', `setting \`devices.mqttPort\`: ${host}:${port} ${why}`));
    });
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections.size;
    },
    renew: (next) => server.setSecureContext({ ...next, minVersion: 'TLSv1.2' }),
    async close() {
      closing = true;
      clearTimeout(timer);
      unsubscribe();
      const closed = new Promise((resolve) => server.close(resolve));
      for (const { session } of connections) session?.end(reasons.shutdown);
      await Promise.race([closed, delay(2000)]);
    },
  };

  async function welcome(socket: TLSSocket): Promise<void> {
    const address = plain(socket.remoteAddress);
    const certificate = socket.getPeerX509Certificate();
    socket.pause();
    const verdict = certificate === undefined ? undefined : await authority.verifyClient(certificate.raw);
    if (certificate === undefined || verdict?.ok !== true) {
      const why =
        certificate === undefined ? 'no certificate' : verdict?.ok === false ? verdict.message : 'refused';
      tell({ action: 'connect', reason: why, address });
      refuse(socket);
      return;
    }
    const { device } = verdict;
    const record = await records.get(devices, device);
    const connection: Connection = {
      device,
      address,
      serial: certificate.serialNumber.toLowerCase(),
      notAfter: Date.parse(certificate.validTo),
      clientId: '',
      zone: record?.value.zone ?? '',
      session: undefined,
    };
    connection.session = createDeviceSession({
      stream: socket,
      limits,
      admit: (clientId) => admit(connection, clientId),
      take: (message) => take(connection, message),
      onTooLarge: (bytes) => accountOf(device).refuse('payload-too-large', bytes, clock.now()),
      onMalformed: () => accountOf(device).note('packet-malformed'),
      onEnd: () => connections.delete(connection),
    });
    socket.resume();
  }

  /** Without a certificate there is a CONNACK that says so, and nothing else. */
  function refuse(socket: TLSSocket): void {
    createDeviceSession({
      stream: socket,
      limits,
      admit: () => false,
      take: async () => 'denied',
      onTooLarge: () => {},
      onEnd: () => {},
    });
    socket.resume();
  }

  function admit(connection: Connection, clientId: string): boolean {
    const { device, address } = connection;
    const own = [...connections].filter((other) => other.device === device);
    const { allowed } = judge(requestOf(device, 'readings'));
    if (!allowed || own.length >= most.perDevice || closing) {
      tell({ action: 'connect', reason: allowed ? 'too many connections' : 'not allowed', device, address });
      return false;
    }
    // MQTT section 3.1.4: who comes again under the same client id takes the session over.
    for (const other of own) {
      if (clientId !== '' && other.clientId === clientId) other.session?.end(reasons.takenOver);
    }
    connection.clientId = clientId;
    connections.add(connection);
    return true;
  }

  async function take(connection: Connection, message: DeviceMessage): Promise<MessageOutcome> {
    const { device, address, zone } = connection;
    const { topic, payload, qos, retain, duplicate } = message;
    const account = accountOf(device);
    const read = readDeviceTopic(topic);
    const refused = (outcome: MessageOutcome, reason: string) => {
      account.refuse(reason, payload.length, clock.now());
      tell({ action: 'publish', reason, device, address, topic });
      return outcome;
    };
    if (read === undefined) return refused('invalid', 'topic-invalid');
    // INVARIANT: a device speaks for itself, from where the register says that it stands.
    if (read.device !== device || read.zone !== zone) return refused('denied', 'topic-foreign');
    if (!decide(requestOf(device, read.dataset)).allowed) return refused('denied', 'not-allowed');
    const document = {
      '@timestamp': new Date(clock.now()).toISOString(),
      'event.dataset': 'device.reading',
      'device.id': device,
      'source.ip': address,
      'mqtt.topic': topic,
      'mqtt.qos': qos,
      ...(retain ? { 'mqtt.retained': true } : {}),
      ...(duplicate ? { 'mqtt.duplicate': true } : {}),
      message: payload.toString('utf8'),
    };
    const raw = JSON.stringify(document);
    const frame = { raw, bytes: raw.length, normalised: intake.normaliser.document(document, clock.now()) };
    for (let pause = 10; !closing; pause = Math.min(pause * 2, 1000)) {
      const outcomes = await intake.submit(account, [frame]);
      if (outcomes?.[0] === 'kept') return 'kept';
      if (outcomes === undefined) account.note('waited-for-room');
      await delay(pause);
    }
    throw new ShellError('busy', 'the program stops');
  }

  function accountOf(device: string): SourceAccount {
    return intake.account('mqtt', `device/${device}`);
  }

  function judgeAll(device?: string): void {
    const now = clock.now();
    for (const connection of connections) {
      if (device !== undefined && connection.device !== device) continue;
      if (connection.notAfter <= now || !judge(requestOf(connection.device, 'readings')).allowed)
        cut(connection);
    }
  }

  function cut(connection: Connection): void {
    const { device, address, session } = connection;
    connections.delete(connection);
    tell({ action: 'disconnect', reason: 'not allowed any more', device, address });
    session?.end(reasons.administrative);
  }

  /** A refusal as an event of the dataset `mqtt.log`, for the rules; one device cannot flood with them. */
  function tell(what: {
    readonly action: 'connect' | 'publish' | 'disconnect';
    readonly reason: string;
    readonly address: string;
    readonly device?: Device['id'];
    readonly topic?: string;
  }): void {
    const { action, reason, address, device, topic } = what;
    const key = device ?? address;
    if (telling.size > 10_000) telling.clear();
    const pace = telling.get(key) ?? new Pace(5, 50, clock.now());
    telling.set(key, pace);
    if (pace.take(clock.now()) > 0) return;
    const document = {
      '@timestamp': new Date(clock.now()).toISOString(),
      'event.dataset': 'mqtt.log',
      'event.action': action,
      'event.outcome': action === 'disconnect' ? 'success' : 'failure',
      'event.reason': reason,
      'source.ip': address,
      ...(device === undefined ? {} : { 'device.id': device }),
      ...(topic === undefined ? {} : { 'mqtt.topic': topic }),
    };
    const raw = JSON.stringify(document);
    const frame = { raw, bytes: raw.length, normalised: intake.normaliser.document(document, clock.now()) };
    void intake.submit(intake.account('internal', 'device-mqtt'), [frame]);
  }
}

function requestOf(device: string, dataset: string) {
  return {
    principal: { type: 'Device', id: device },
    action: 'publish',
    resource: { type: 'Dataset', id: dataset },
  } as const;
}

function plain(address: string | undefined): string {
  return (address ?? 'unknown').replace(/^::ffff:/, '');
}
