import { indexEntry, type Location } from './format.ts';
import { keyHash } from './key.ts';

/** Collects the rows of an index in bytes: a million of them as objects would keep the collector busy. */
export class IndexBuilder {
  #rows = Buffer.alloc(1024 * indexEntry);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(key: string, location: Location): void {
    const at = this.#count * indexEntry;
    if (at === this.#rows.length) this.#rows = Buffer.concat([this.#rows, Buffer.alloc(this.#rows.length)]);
    keyHash(key).copy(this.#rows, at);
    this.#rows.writeUInt32LE(location.block, at + 8);
    this.#rows.writeUInt32LE(location.offset, at + 12);
    this.#count += 1;
  }

  /** The rows sorted by hash, and by location within one hash. */
  sorted(): Buffer {
    const rows = this.#rows;
    const high = Float64Array.from({ length: this.#count }, (_, i) => rows.readUIntBE(i * indexEntry, 6));
    const order = Uint32Array.from({ length: this.#count }, (_, i) => i);
    order.sort((a, b) => {
      const difference = high[a]! - high[b]!;
      return difference !== 0
        ? difference
        : rows.compare(rows, b * indexEntry, (b + 1) * indexEntry, a * indexEntry, (a + 1) * indexEntry);
    });
    const sorted = Buffer.allocUnsafe(this.#count * indexEntry);
    for (const [to, from] of order.entries()) {
      rows.copy(sorted, to * indexEntry, from * indexEntry, (from + 1) * indexEntry);
    }
    return sorted;
  }
}
