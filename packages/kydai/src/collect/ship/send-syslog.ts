import { once } from 'node:events';
import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import { ShellError } from '../../error.ts';
import { type Parcel, syslogMessageOf } from './documents.ts';
import type { Send, Sent } from './send.ts';
import { connectWatched } from './tls-records.ts';

const mostPause = 30_000;
/** Few lines wait for others until so long after the last connection, for each costs a handshake. Milliseconds. */
const gatherMs = 2000;
const few = 500;
/** Lines of one connection. */
const mostLines = 10_000;
/** So many empty connections that all end in one way say that the collector knows no other. */
const probes = 2;
/** How long the collector may take, milliseconds. */
interface Patience {
  /** To answer the end of a connection. */
  readonly answerMs: number;
  /** To end an empty one. */
  readonly probeMs: number;
  /** To break one, where it never ends any. */
  readonly quietMs: number;
}
const patient: Patience = { answerMs: 120_000, probeMs: 10_000, quietMs: 2000 };

/**
 * What the collector did at the end of a connection: ended it with `close_notify`, ended it without a word, or left it
 * open although it took every byte.
 */
type End = 'answered' | 'ended' | 'open';

interface Waiting {
  readonly parcels: readonly Parcel[];
  resolve(sent: Sent): void;
  reject(error: unknown): void;
}

/**
 * Sends over syslog with TLS (RFC 5425, octet counting) and a client certificate.
 *
 * Syslog has no acknowledgement, so each group of lines has a connection of its own, and counts as taken only when the
 * collector answered its end with a `close_notify` of its own: it has read everything then. A collector of ours answers
 * only when all of it is durable. Where the connection ends in another way, the whole group is sent again.
 *
 * INVARIANT: a line may come twice, and never not at all, with a collector of ours; with another, what it had read and lost by
 * itself is lost. One that never sends `close_notify` (rsyslog with GnuTLS) is found out by connections that carry nothing,
 * and then believed where the end came without an error; so is one that ends no connection at all, and of that one
 * `onNote` is told: what its system took and it never read is lost without a sign.
 *
 * @throws ShellError `forbidden` where the collector refuses the certificate again and again
 */
export function createSyslogSender(options: {
  readonly host: string;
  readonly port: number;
  readonly cert: string;
  readonly key: string;
  readonly ca?: string | undefined;
  readonly onWait?: (reason: string) => void;
  /** Told what the collector cannot promise. */
  readonly onNote?: (note: string) => void;
  readonly signal: AbortSignal;
  readonly patience?: Patience;
}): Send {
  const { host, port, cert, key, ca, onWait, onNote, signal } = options;
  const { answerMs, probeMs, quietMs } = options.patience ?? patient;
  const waiting: Waiting[] = [];
  let running = false;
  let connected = 0;
  let refusals = 0;
  /** The only way in which the collector ends connections, where it never answers. */
  let habit: Exclude<End, 'answered'> | undefined;

  return (parcels) =>
    parcels.length === 0
      ? Promise.resolve({ kept: 0, refused: 0 })
      : new Promise((resolve, reject) => {
          waiting.push({ parcels, resolve, reject });
          if (!running) void run();
        });

  async function run(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      const lines = waiting.reduce((sum, { parcels }) => sum + parcels.length, 0);
      const soon = connected + gatherMs - performance.now();
      if (lines < few && connected > 0 && soon > 0) await delay(soon, undefined, { signal }).catch(() => {});
      const group = [waiting.shift()!];
      for (let size = group[0]!.parcels.length; waiting.length > 0; ) {
        size += waiting[0]!.parcels.length;
        if (size > mostLines) break;
        group.push(waiting.shift()!);
      }
      try {
        await deliver(group.flatMap(({ parcels }) => parcels));
        for (const { parcels, resolve } of group) resolve({ kept: parcels.length, refused: 0 });
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    running = false;
  }

  async function deliver(parcels: readonly Parcel[]): Promise<void> {
    const frames = parcels.map((parcel) => {
      const message = Buffer.from(syslogMessageOf(parcel));
      return Buffer.concat([Buffer.from(`${message.length} `), message]);
    });
    const bytes = Buffer.concat(frames);
    for (let pause = 250; ; pause = Math.min(pause * 2, mostPause)) {
      signal.throwIfAborted();
      let why = '';
      try {
        const end = await attempt(bytes, habit === 'open' ? quietMs : answerMs);
        refusals = 0;
        if (end === 'answered' || end === habit) return;
        if (await isHabit(end)) {
          habit = end;
          if (end === 'open')
            onNote?.(
              `\`${host}:${port}\` never ends a connection; what it has not read when it stops is lost`,
            );
          return;
        }
        why =
          end === 'open'
            ? 'the collector does not answer'
            : 'the collector ended the connection without a word';
      } catch (error) {
        if (signal.aborted) throw error;
        const { code = '' } = error as NodeJS.ErrnoException;
        // TLS 1.3 tells of a refused certificate only after the handshake, by a reset; so does a collector that is full.
        const most = /CERT|SSL|TLS/.test(code) ? 5 : 20;
        if (/CERT|SSL|TLS|ECONNRESET/.test(code) && ++refusals >= most)
          throw new ShellError('forbidden', `\`${host}:${port}\` does not take this certificate (${code})`, {
            cause: error,
          });
        why = `the collector cannot be reached${code === '' ? '' : ` (${code})`}`;
      }
      onWait?.(why);
      await delay(pause * (0.5 + Math.random()), undefined, { signal });
    }
  }

  async function isHabit(end: End): Promise<boolean> {
    for (let probe = 0; probe < probes; probe++) {
      if ((await attempt(Buffer.alloc(0), probeMs)) !== end) return false;
    }
    return true;
  }

  /** One connection. How it ended, within `ms` after all was sent; rejects where it broke. */
  async function attempt(bytes: Buffer, ms: number): Promise<End> {
    const late = new AbortController();
    const over = AbortSignal.any([signal, late.signal]);
    const wait = (limit: number) =>
      setTimeout(() => late.abort(new Error('the collector does not answer')), limit);
    let timer = wait(answerMs);
    let sent = false;
    const connection = connectWatched(host, port);
    const socket = connect({
      socket: connection.stream,
      cert,
      key,
      host,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === undefined ? {} : { ca }),
    });
    try {
      const ended = once(socket, 'end', { signal: over });
      ended.catch(() => {});
      socket.on('error', () => {});
      socket.resume();
      socket.once('finish', () => {
        sent = true;
        clearTimeout(timer);
        timer = wait(ms);
      });
      await once(socket, 'secureConnect', { signal: over });
      connected = performance.now();
      socket.end(bytes);
      await ended;
      // An error that came with the end is told after it.
      await once(socket, 'close', { signal: over });
      if (socket.errored) throw socket.errored;
      return connection.alerted ? 'answered' : 'ended';
    } catch (error) {
      if (sent && late.signal.aborted && !socket.errored && !signal.aborted) return 'open';
      throw error;
    } finally {
      clearTimeout(timer);
      socket.destroy();
      connection.stream.destroy();
    }
  }
}
