import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { ShellError } from '../../error.ts';
import { type Parcel, syslogMessageOf } from './documents.ts';
import type { Send } from './send.ts';

const mostPause = 30_000;
/** How long a connection must stand after a batch before the batch counts as taken, milliseconds. */
const settleMs = 200;

/**
 * Sends over syslog with TLS (RFC 5425, octet counting) and a client certificate.
 *
 * Syslog has no acknowledgement. A batch counts as taken when the connection took all of it and still stood a moment
 * later; when it broke before, the whole batch is sent again. So a line may come twice where a connection breaks, and
 * what lay unread in a collector that was killed is lost only if that took longer to show than this moment.
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
  readonly signal: AbortSignal;
}): Send & { close(): Promise<void> } {
  const { host, port, cert, key, ca, onWait, signal } = options;
  let socket: TLSSocket | undefined;
  let refusals = 0;

  const open = async (): Promise<TLSSocket> => {
    if (socket !== undefined && !socket.destroyed && socket.writable) return socket;
    const next = connect({ host, port, cert, key, servername: host, ...(ca === undefined ? {} : { ca }) });
    next.on('error', () => {});
    next.resume();
    await once(next, 'secureConnect', { signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]) });
    socket = next;
    return next;
  };
  const write = async (parcels: readonly Parcel[]): Promise<void> => {
    const connection = await open();
    const frames = parcels.map((parcel) => {
      const message = Buffer.from(syslogMessageOf(parcel, Date.now()));
      return Buffer.concat([Buffer.from(`${message.length} `), message]);
    });
    const broken = new AbortController();
    connection.once('close', () => broken.abort());
    try {
      await new Promise<void>((resolve, reject) => {
        broken.signal.addEventListener('abort', () => reject(new Error('the connection broke')), {
          once: true,
        });
        connection.write(Buffer.concat(frames), (error) => (error ? reject(error) : resolve()));
      });
      await delay(settleMs, undefined, { signal: broken.signal });
    } catch (error) {
      connection.destroy();
      throw error;
    }
  };

  const send = async (parcels: readonly Parcel[]) => {
    for (let pause = 250; parcels.length > 0; pause = Math.min(pause * 2, mostPause)) {
      signal.throwIfAborted();
      try {
        await write(parcels);
        refusals = 0;
        break;
      } catch (error) {
        if (signal.aborted) throw error;
        const { code = '' } = error as NodeJS.ErrnoException;
        // TLS 1.3 tells of a refused certificate only after the handshake.
        if (/CERT|SSL|TLS|ECONNRESET/.test(code) && ++refusals >= 5)
          throw new ShellError('forbidden', `\`${host}:${port}\` does not take this certificate (${code})`, {
            cause: error,
          });
        onWait?.(`the collector cannot be reached${code === '' ? '' : ` (${code})`}`);
        await delay(pause * (0.5 + Math.random()), undefined, { signal });
      }
    }
    return { kept: parcels.length, refused: 0 };
  };
  return Object.assign(send, {
    async close() {
      if (socket === undefined || socket.destroyed) return;
      const closed = once(socket, 'close');
      socket.end();
      await Promise.race([closed, delay(2000)]);
      socket.destroy();
    },
  });
}
