import { recordAt, recordBytes } from './ring.ts';

/** Takes one datagram; false where there is no room now. The bytes are only lent. */
export type RecordSink = (slot: number, address: string, message: Buffer) => boolean;

const mostAddress = 255;
const mostMessage = 65_535;

/** Cuts the bytes of a pipe into the records of a `DatagramRing`. */
export class RecordSplitter {
  #rest: Buffer = Buffer.alloc(0);

  /** False where the sink took no more; call it with an empty chunk when there is room. */
  read(chunk: Buffer, sink: RecordSink): boolean {
    const bytes =
      this.#rest.length === 0 ? chunk : chunk.length === 0 ? this.#rest : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    let taken = true;
    while (at + 8 <= bytes.length) {
      const { length, slot, addressLength, start } = recordAt(bytes, at);
      if (length < 0 || length > mostMessage || addressLength > mostAddress)
        throw new Error(`the reader of datagrams sent a record of ${length} bytes`);
      const next = at + recordBytes(addressLength, length);
      if (next > bytes.length) break;
      const message = start + addressLength;
      const address = addressLength === 0 ? '' : bytes.toString('latin1', start, message);
      taken = sink(slot, address, bytes.subarray(message, message + length));
      if (!taken) break;
      at = next;
    }
    this.#rest = bytes.subarray(at);
    return taken;
  }
}
