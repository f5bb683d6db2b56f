import type { Clock, Decide, Event, EventStore } from '@kydai/contracts';
import {
  createElasticBulkHandler,
  createIntake,
  createJsonLinesHandler,
  createSyslogCollector,
  type Intake,
} from '@kydai/siem';
import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { ShellError } from '../error.ts';
import { createCollectApp } from '../http/collect-app.ts';
import { listenHttp } from '../http/listen.ts';
import type { Callers } from '../sign-in/caller.ts';
import { type Addresses, reachable } from './addresses.ts';
import type { BlockList } from './block-list.ts';

export interface Collection {
  readonly intake: Intake;
  addresses(): Pick<Addresses, 'collect' | 'syslogUdp' | 'syslogTcp'>;
  /** Ends the listeners, then waits until what was taken is durable. */
  close(): Promise<void>;
}

/** The Elasticsearch that shippers believe to speak to: a recent one, for they refuse a server older than themselves. */
const presentedVersion = '9.5.1';

/** The listeners for logs, and the intake behind them. */
export async function openCollection(parts: {
  readonly config: Config;
  readonly events: EventStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly callers: Callers;
  readonly decide: Decide;
  readonly blockList: BlockList;
  readonly onEvents: (events: readonly Event[]) => void;
}): Promise<Collection> {
  const { config, events, clock, log, callers, decide, blockList, onEvents } = parts;
  const intake = createIntake({
    store: events,
    onEvents,
    clock,
    onFault: (error) => log.error({ err: error }, 'intake'),
  });
  const syslog = createSyslogCollector({ ...config.syslog, intake });
  let syslogAddresses: Awaited<ReturnType<typeof syslog.listen>>;
  try {
    syslogAddresses = await syslog.listen();
  } catch (error) {
    const { syscall, port, code } = error as NodeJS.ErrnoException & { port?: number };
    const setting = syscall === 'bind' ? 'syslog.udpPort' : 'syslog.tcpPort';
    const why = code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be used (${code})`;
    throw new ShellError('listen', `setting \`${setting}\`: ${config.syslog.host}:${port} ${why}`, {
      cause: error,
    });
  }
  const { host, port } = config.collect;
  const http = await listenHttp({
    host,
    port,
    setting: 'collect.port',
    fetch: createCollectApp({
      callers,
      decide,
      log,
      jsonLines: createJsonLinesHandler({ intake }),
      bulk: createElasticBulkHandler({ intake, version: presentedVersion }),
    }),
    blocked: blockList.has,
  }).catch(async (error: unknown) => {
    await syslog.close();
    throw error;
  });
  const place = (at: { host: string; port: number } | undefined) =>
    at === undefined ? '' : `${reachable(at.host)}:${at.port}`;
  return {
    intake,
    addresses: () => ({
      collect: `http://${reachable(host)}:${http.port}`,
      syslogUdp: place(syslogAddresses.udp),
      syslogTcp: place(syslogAddresses.tcp),
    }),
    async close() {
      await Promise.all([syslog.close(), http.close()]);
      await intake.close();
    },
  };
}
