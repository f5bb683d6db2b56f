import type { AuditLog, Clock, Decide, Event, EventStore, RecordStore, Signals } from '@kydai/contracts';
import type { Authority } from '@kydai/pki';
import {
  createElasticBulkHandler,
  createIntake,
  createJsonLinesHandler,
  createNormaliser,
  createOtlpLogsHandler,
  createSyslogCollector,
  type Intake,
  type KeptHeader,
  NormaliseError,
  type Normaliser,
  Resent,
  type SourceWatch,
} from '@kydai/siem';
import type { Logger } from 'pino';
import type { Content } from '../boot/content.ts';
import { carryHeaders, keepHeaders } from '../collect/file-headers.ts';
import { recentlyKept } from '../collect/kept-frames.ts';
import { knownEvents } from '../collect/known-events.ts';
import { carryLedgers, carryWatch, keepLedgers } from '../collect/ledgers.ts';
import { subscribeMqtt } from '../collect/mqtt.ts';
import { readParsers } from '../collect/parsers.ts';
import { seldom } from '../collect/seldom.ts';
import { judgeSenders, refuseStrangers } from '../collect/senders.ts';
import { openSyslogTrust } from '../collect/syslog-tls.ts';
import { isLoopback } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { ShellError } from '../error.ts';
import { createCollectApp } from '../http/collect-app.ts';
import { listenHttp } from '../http/listen.ts';
import type { Callers } from '../sign-in/caller.ts';
import { type Addresses, reachable, serverNames } from './addresses.ts';
import type { BlockList } from './block-list.ts';
import { keepFresh } from './certify.ts';

export interface Collection {
  readonly intake: Intake;
  /** What is usual of each source. */
  readonly watch: SourceWatch;
  addresses(): Pick<Addresses, 'collect' | 'syslogUdp' | 'syslogTcp' | 'syslogTls'>;
  /** Ends the listeners, waits until what was taken is durable, and keeps the accounts of the sources. */
  close(): Promise<void>;
}

/** The Elasticsearch that shippers believe to speak to: a recent one, for they refuse a server older than themselves. */
const presentedVersion = '9.5.1';
/** Bytes of the kernel's buffer for datagrams below which a burst is lost before anybody reads it. */
const smallestBuffer = 4 * 1024 * 1024;

/** The listeners for logs, and the intake behind them. */
export async function openCollection(parts: {
  readonly config: Config;
  readonly content: Content;
  readonly records: RecordStore;
  readonly audit: AuditLog;
  readonly authority: Authority;
  readonly signals: Signals;
  readonly events: EventStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly callers: Callers;
  readonly decide: Decide;
  readonly blockList: BlockList;
  readonly onEvents: (events: readonly Event[]) => void;
}): Promise<Collection> {
  const { config, records, events, clock, log, callers, decide, blockList, onEvents } = parts;
  const normaliser = openNormaliser(config, parts.content, await carryHeaders(records));
  const stopKeepingHeaders = keepHeaders(records, normaliser, {
    now: () => clock.now(),
    onFault: (error) => log.error({ err: error }, 'keeping the headers of files failed'),
  });
  const carried = await carryLedgers(records, events, clock.now());
  const watched = await carryWatch(records);
  let through: string | undefined;
  const intake = createIntake({
    store: {
      async append(batch) {
        await events.append(batch);
        through = batch.at(-1)?.id ?? through;
      },
    },
    normaliser,
    ledgers: carried,
    onEvents,
    clock,
    onFault: seldom(clock, (error, times) => log.error({ err: error, times }, 'intake')),
  });
  const kept = await recentlyKept(records, events, ({ message }) =>
    log.warn(
      { why: message },
      'what was kept before this start is not known: what senders repeat may be kept twice',
    ),
  );
  const resent = new Resent(200_000, kept);
  const broker = config.mqtt.url === '' ? undefined : subscribeMqtt({ settings: config.mqtt, intake, log });
  const { host: syslogHost, udpPort, tcpPort, tlsPort } = config.syslog;
  const { urgentUdpPort, urgentSenders: senders, urgentPrograms: programs } = config.syslog;
  const trust = await openSyslogTrust({ ...parts, port: tlsPort, names: serverNames(config) });
  const judge = judgeSenders(config.collect, blockList.has);
  const syslog = createSyslogCollector({
    host: syslogHost,
    udpPort,
    tcpPort,
    tls: trust.tls,
    urgent: { ...(urgentUdpPort === 0 ? {} : { port: urgentUdpPort }), senders, programs },
    intake,
    resent,
    judge,
  });
  let syslogAddresses: Awaited<ReturnType<typeof syslog.listen>>;
  try {
    syslogAddresses = await syslog.listen();
  } catch (error) {
    await broker?.close();
    const { syscall, port, code } = error as NodeJS.ErrnoException & { port?: number };
    const stream = port === tlsPort ? 'syslog.tlsPort' : 'syslog.tcpPort';
    const datagram = port === urgentUdpPort ? 'syslog.urgentUdpPort' : 'syslog.udpPort';
    const setting = syscall === 'bind' ? datagram : stream;
    const why = code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be used (${code})`;
    throw new ShellError('listen', `setting \`${setting}\`: ${config.syslog.host}:${port} ${why}`, {
      cause: error,
    });
  }
  if (!isLoopback(syslogHost) && syslog.udpBufferBytes < smallestBuffer) {
    const bytes = syslog.udpBufferBytes;
    log.warn({ bytes }, 'the kernel gives datagrams a small buffer: set net.core.rmem_max to 8388608');
  }
  const { host, port } = config.collect;
  const names = serverNames(config);
  const secure = config.collect.tls === 'on' || (config.collect.tls === 'auto' && !isLoopback(host));
  const own = secure ? await parts.authority.serverCertificate({ names }) : undefined;
  const http = await listenHttp({
    host,
    port,
    setting: 'collect.port',
    fetch: createCollectApp({
      callers,
      decide,
      log,
      strangers: refuseStrangers(judge, intake),
      jsonLines: createJsonLinesHandler({ intake }),
      otlpLogs: createOtlpLogsHandler({ intake, resent }),
      bulk: createElasticBulkHandler({ intake, resent, version: presentedVersion }),
      known: (question) => knownEvents(events, question),
    }),
    blocked: blockList.has,
    refused: (address, reason) => intake.account('http', address).note(reason),
    ...(own && { tls: { key: own.keyPem, cert: own.chainPem, clientCertificates: false } }),
  }).catch(async (error: unknown) => {
    await Promise.all([syslog.close(), broker?.close()]);
    throw error;
  });
  const unfollow = trust.follow(syslog);
  const stopRenewing = secure ? keepFresh(parts.authority, names, http) : () => {};
  const ledgers = keepLedgers({ ...parts, intake, carried: watched, through: () => through });
  const place = (at: { host: string; port: number } | undefined) =>
    at === undefined ? '' : `${reachable(at.host)}:${at.port}`;
  return {
    intake,
    watch: ledgers.watch,
    addresses: () => ({
      collect: `${secure ? 'https' : 'http'}://${reachable(host)}:${http.port}`,
      syslogUdp: place(syslogAddresses.udp),
      syslogTcp: place(syslogAddresses.tcp),
      syslogTls: place(syslogAddresses.tls),
    }),
    async close() {
      unfollow();
      stopRenewing();
      await Promise.all([syslog.close(), http.close(), broker?.close()]);
      await intake.close();
      await stopKeepingHeaders();
      await ledgers.close();
    },
  };
}

/** @throws ShellError `setting` for an unknown zone, `content` for a parser that is broken or fails its own cases */
function openNormaliser(config: Config, content: Content, headers: readonly KeptHeader[]): Normaliser {
  const { zone } = config.syslog;
  try {
    createNormaliser({ zone });
  } catch (error) {
    if (!(error instanceof NormaliseError)) throw error;
    throw new ShellError('setting', `setting \`syslog.zone\`: ${error.message}`, { cause: error });
  }
  return createNormaliser({ zone, parsers: readParsers(content.parsers), headers });
}
