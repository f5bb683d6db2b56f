import { connect } from 'node:net';
import { Duplex } from 'node:stream';

/** The TLS alert record (RFC 8446 section 5.1). */
const alert = 21;
const applicationData = 23;
/** An alert under TLS 1.3: two bytes, the type, and the tag of the cipher. */
const sealedAlert = 2 + 1 + 16;

/** A TCP connection for TLS that watches what the other side sends. */
export interface WatchedConnection {
  readonly stream: Duplex;
  /**
   * Whether the last record that came was an alert. When the other side then ends without an error it was `close_notify`,
   * which Node does not tell from a connection that was cut: that of a program that was killed ends as politely.
   */
  readonly alerted: boolean;
}

/** Opens a connection. Its errors are those of the stream. */
export function connectWatched(host: string, port: number): WatchedConnection {
  const socket = connect({ host, port, allowHalfOpen: true });
  const records = new RecordWatch();
  const stream = new Duplex({
    allowHalfOpen: true,
    read: () => void socket.resume(),
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk: Buffer) => {
    records.read(chunk);
    if (!stream.push(chunk)) socket.pause();
  });
  socket.once('end', () => void stream.push(null));
  socket.once('error', (error) => stream.destroy(error));
  socket.once('close', () => stream.destroy());
  return {
    stream,
    get alerted() {
      return records.alerted;
    },
  };
}

/** Reads the headers of TLS records. */
export class RecordWatch {
  #header: number[] = [];
  #left = 0;
  #alert = false;

  get alerted(): boolean {
    return this.#alert && this.#left === 0 && this.#header.length === 0;
  }

  read(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#left > 0) {
        const passed = Math.min(this.#left, chunk.length - at);
        this.#left -= passed;
        at += passed;
        continue;
      }
      this.#header.push(chunk[at++]!);
      if (this.#header.length < 5) continue;
      const [type = 0, , , high = 0, low = 0] = this.#header;
      this.#header = [];
      this.#left = high * 256 + low;
      this.#alert = type === alert || (type === applicationData && this.#left === sealedAlert);
    }
  }
}
