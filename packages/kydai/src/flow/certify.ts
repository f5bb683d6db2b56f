import type { Clock, Decide, Event, RecordStore, Signals } from '@kydai/contracts';
import {
  type Authority,
  certificates,
  createCrlHandler,
  createEstHandler,
  createOcspHandler,
  createRenewalHandler,
  type KeyStore,
  ocspRequestFor,
  openAuthority,
  readOcspResponse,
} from '@kydai/pki';
import type { Intake } from '@kydai/siem';
import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { createDeviceApp } from '../http/device-app.ts';
import { type Listener, listenHttp } from '../http/listen.ts';
import { createStatusApp } from '../http/status-app.ts';
import { watchClones } from '../pki/clones.ts';
import { watchHandshakes } from '../pki/handshakes.ts';
import { readManufacturers } from '../pki/manufacturers.ts';
import { watchPrimes } from '../pki/primes.ts';
import { keepPublishing } from '../pki/tend.ts';
import { type Addresses, reachable, serverNames } from './addresses.ts';
import type { BlockList } from './block-list.ts';
import type { ContainmentReach } from './contain.ts';
import { keepReading } from './readings.ts';

export interface Certification {
  readonly authority: Authority;
  /** What containments act through. */
  readonly reach: ContainmentReach['devices'];
  /** Opens the listener for devices; readings go into the intake. */
  listen(intake: Intake, decide: Decide): Promise<void>;
  /** Looks for copied keys among handshakes, of our own listener and of others. */
  seen(events: readonly Event[]): void;
  addresses(): Pick<Addresses, 'devices' | 'status'>;
  close(): Promise<void>;
}

/** Gives a TLS listener the next certificate of ours as soon as there is one. Returns the function that ends it. */
export function keepFresh(authority: Authority, names: readonly string[], listener: Listener): () => void {
  const timer = setInterval(() => {
    authority.serverCertificate({ names }).then(
      ({ keyPem, chainPem }) => listener.renew({ key: keyPem, cert: chainPem }),
      // Tried again in an hour; certificates are renewed long before their end.
      () => {},
    );
  }, 3600_000);
  timer.unref();
  return () => clearInterval(timer);
}

/** The certificate authority, with its listeners for devices (TLS) and for status (plain). */
export async function openCertification(parts: {
  readonly config: Config;
  readonly records: RecordStore;
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly decide: Decide;
  readonly signals: Signals;
  readonly blockList: BlockList;
  readonly log: Logger;
}): Promise<Certification> {
  const { config, records, keys, clock, decide, signals, blockList, log } = parts;
  // The status listener opens first: its port may be chosen by the system, and its address goes into certificates.
  let answer: (request: Request) => Promise<Response> = async () =>
    new Response('starting\n', { status: 503 });
  const { host, port } = config.status;
  const status = await listenHttp({
    host,
    port,
    setting: 'status.port',
    fetch: (request) => answer(request),
  });
  const statusUrl = config.status.url || `http://${reachable(host)}:${status.port}`;
  const listeners: Listener[] = [status];
  const close = async () => void (await Promise.all(listeners.map((listener) => listener.close())));
  try {
    const authority = await openAuthority({
      records,
      keys,
      clock,
      decide,
      signals,
      publicUrl: statusUrl,
      organization: config.organization,
      manufacturers: readManufacturers(config.pki.manufacturers),
      renewalGraceDays: config.pki.graceDays,
      ocspNonce: config.pki.ocspNonce,
    });
    const renewal = createRenewalHandler({ authority, clock });
    const app = createStatusApp({
      ocsp: createOcspHandler({ authority }),
      crl: createCrlHandler({ authority }),
      renewal,
      rootPem: authority.root.pem,
      authorities: () => authority.caCertificates(),
      certificate: async (serial) => {
        const found = await records.get(certificates, serial);
        return found === undefined ? undefined : Buffer.from(found.value.der, 'base64');
      },
    });
    answer = (request) => app(request, { address: '' });
    listeners.push({ ...status, close: keepPublishing(authority, log) });
    let devicesUrl = '';
    let clones: ReturnType<typeof watchClones> | undefined;
    return {
      authority,
      reach: containmentReach(authority, records),
      async listen(intake, publish) {
        const names = serverNames(config);
        const own = await authority.serverCertificate({ names });
        const est = createEstHandler({
          authority,
          clock,
          approval: config.pki.approval === 'on',
          serverKeys: config.pki.serverKeys === 'on',
          fleets: config.pki.labels,
          bindingRequired: config.pki.binding === 'required',
        });
        clones = watchClones({ intake, clock });
        const handshakes = watchHandshakes({ authority, records, intake, clock, site: config.pki.site });
        const listener = await listenHttp({
          host: config.devices.host,
          port: config.devices.port,
          setting: 'devices.port',
          tls: { key: own.keyPem, cert: own.chainPem, clientCertificates: true },
          blocked: blockList.has,
          handshake: (peer) => void handshakes(peer).catch(() => {}),
          fetch: createDeviceApp({
            est,
            renewal,
            identify: async (certificate) => {
              const verdict = await authority.verifyClient(certificate);
              return verdict.ok ? { deviceId: verdict.device } : { refused: verdict.message };
            },
            decide: publish,
            keep: keepReading(intake, clock),
          }),
        });
        listeners.push(listener);
        const stopRenewing = keepFresh(authority, names, listener);
        listeners.push({ ...listener, close: async () => stopRenewing() });
        listeners.push({ ...listener, close: watchPrimes({ authority, intake, clock, log }) });
        devicesUrl = `https://${reachable(config.devices.host)}:${listener.port}`;
      },
      seen: (events) => clones?.(events),
      addresses: () => ({ devices: devicesUrl, status: statusUrl }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function containmentReach(authority: Authority, records: RecordStore): ContainmentReach['devices'] {
  return {
    quarantine: (id, reason, by) =>
      authority.devices.update(id, { quarantined: true, quarantineReason: reason.slice(0, 500) }, by),
    release: (id, _reason, by) => authority.devices.update(id, { quarantined: false }, by),
    async revokeAll(id, by) {
      await authority.revokeDevice(id, 'keyCompromise', by);
      const held = await records.find(certificates, {
        where: { subject: id, profile: ['device', 'quarantine'] },
        limit: 10_000,
      });
      return held.records.map(({ value }) => value.serial);
    },
    async ocspStatus(serial) {
      const stored = await records.get(certificates, serial);
      if (stored === undefined) return 'unknown';
      const request = ocspRequestFor(
        authority.certificateOf(stored.value.issuer),
        Buffer.from(stored.value.der, 'base64'),
      );
      return readOcspResponse(await authority.ocsp(request)).singles[0]?.state ?? 'unknown';
    },
  };
}
