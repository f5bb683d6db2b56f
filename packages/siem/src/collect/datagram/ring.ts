const headerBytes = 8;
const align = 8;
const toTheEnd = -1;

/** Bytes of a record: its header, the address where it carries one, and the message. */
export function recordBytes(addressLength: number, length: number): number {
  return headerBytes + Math.ceil((addressLength + length) / align) * align;
}

/** Reads the header of the record at `at`. */
export function recordAt(buffer: Buffer, at: number) {
  const second = buffer.readUInt32LE(at + 4);
  const length = buffer.readInt32LE(at);
  return { length, slot: second >>> 8, addressLength: second & 0xff, start: at + headerBytes };
}

/**
 * A bounded queue of datagrams, as the records in which they go through a pipe: length of the message (32 bits, little
 * endian), slot of the sender (24) and length of its address (8), the address, the message, and nothing up to a
 * multiple of 8.
 *
 * No slot holds more than the room that is left (dynamic thresholds: A. Choudhury and E. Hahne, 1998): one sender that
 * floods gets half of the ring, two get a third each, and there is always room for the next sender.
 *
 * INVARIANT: what `write` took comes out, whole, in order and once.
 */
export class DatagramRing {
  readonly #bytes: Buffer;
  readonly #held: Int32Array;
  #used = 0;
  #head = 0;
  #tail = 0;

  /** `slots`: how many senders are told apart, by numbers below it. */
  constructor(bytes: number, slots: number) {
    this.#bytes = Buffer.alloc(Math.ceil(bytes / align) * align);
    this.#held = new Int32Array(slots);
  }

  get empty(): boolean {
    return this.#used === 0;
  }

  /** False where there is no room for this slot. `address`: where the reader cannot know it by the slot yet. */
  write(slot: number, address: string, message: Uint8Array): boolean {
    const capacity = this.#bytes.length;
    if (this.#used === 0) {
      this.#head = 0;
      this.#tail = 0;
    }
    const size = recordBytes(address.length, message.length);
    const free = capacity - this.#used;
    const end = capacity - this.#tail;
    const passed = size > end ? end : 0;
    if (size + passed > free || this.#held[slot]! + size > free) return false;
    if (passed > 0) {
      this.#bytes.writeInt32LE(toTheEnd, this.#tail);
      this.#tail = 0;
    }
    const at = this.#tail;
    this.#bytes.writeInt32LE(message.length, at);
    this.#bytes.writeUInt32LE(slot * 256 + address.length, at + 4);
    const start = at + headerBytes;
    if (address.length > 0) this.#bytes.write(address, start, 'latin1');
    this.#bytes.set(message, start + address.length);
    this.#tail = (at + size) % capacity;
    this.#held[slot] = this.#held[slot]! + size;
    this.#used += size + passed;
    return true;
  }

  /** The oldest records, whole and about so many bytes of them; empty where there are none. They lie in the ring. */
  oldest(bytes: number): Buffer {
    if (this.#used > 0 && this.#bytes.readInt32LE(this.#head) === toTheEnd) {
      this.#used -= this.#bytes.length - this.#head;
      this.#head = 0;
    }
    let end = this.#head;
    for (let left = this.#used; left > 0 && end < this.#bytes.length && end - this.#head < bytes; ) {
      const { length, addressLength } = recordAt(this.#bytes, end);
      if (length === toTheEnd) break;
      const size = recordBytes(addressLength, length);
      end += size;
      left -= size;
    }
    return this.#bytes.subarray(this.#head, end);
  }

  /** Gives back the room of what `oldest` showed. */
  release(records: Buffer): void {
    for (let at = 0; at < records.length; ) {
      const { length, slot, addressLength } = recordAt(records, at);
      const size = recordBytes(addressLength, length);
      this.#held[slot] = this.#held[slot]! - size;
      at += size;
    }
    this.#used -= records.length;
    this.#head = (this.#head + records.length) % this.#bytes.length;
  }
}
