import duckdb from '@duckdb/node-bindings';

/** Rows that DuckDB takes at once. */
export const chunkRows = 2_048;

/** The values of one column of a chunk, as they lie in DuckDB's memory. */
export class Cells {
  readonly words: Uint32Array;
  readonly #bytes: Uint8Array;
  /** A bit for each row that has a value. */
  readonly #validity = new Uint32Array(chunkRows / 32);
  readonly #width: number;

  /** `width` is in bytes: 16 for texts and UUIDs, 8 for integers. */
  constructor(width: number) {
    this.#width = width;
    this.words = new Uint32Array((chunkRows * width) / 4);
    this.#bytes = new Uint8Array(this.words.buffer);
  }

  clear(): void {
    this.#validity.fill(0);
  }

  /** A text whose bytes lie at `at` of `text`, which is at `address` in DuckDB's memory. */
  setText(row: number, text: Uint8Array, at: number, length: number, address: number): void {
    const words = this.words;
    const word = row * 4;
    words[word] = length;
    if (length > 12) {
      words[word + 1] = text[at]! | (text[at + 1]! << 8) | (text[at + 2]! << 16) | (text[at + 3]! << 24);
      const pointer = address + at;
      words[word + 2] = pointer;
      words[word + 3] = pointer / 0x1_0000_0000;
    } else {
      words[word + 1] = 0;
      words[word + 2] = 0;
      words[word + 3] = 0;
      const bytes = this.#bytes;
      const to = word * 4 + 4;
      for (let n = 0; n < length; n++) bytes[to + n] = text[at + n]!;
    }
    this.mark(row);
  }

  setInteger(row: number, from: Int32Array, at: number): void {
    this.words[row * 2] = from[at]!;
    this.words[row * 2 + 1] = from[at + 1]!;
    this.mark(row);
  }

  /** Says that a row has a value. */
  mark(row: number): void {
    this.#validity[row >>> 5]! |= 1 << (row & 31);
  }

  /** Gives the first rows to a vector that is fresh. */
  flush(vector: duckdb.Vector, rows: number): void {
    duckdb.copy_data_to_vector(vector, 0, this.words.buffer as ArrayBuffer, 0, rows * this.#width);
    if (this.#whole(rows)) return;
    duckdb.vector_ensure_validity_writable(vector);
    const bytes = Math.ceil(rows / 64) * 8;
    duckdb.copy_data_to_vector_validity(vector, 0, this.#validity.buffer as ArrayBuffer, 0, bytes);
  }

  #whole(rows: number): boolean {
    const validity = this.#validity;
    for (let word = 0; word < rows >>> 5; word++) if (validity[word] !== 0xffff_ffff) return false;
    const rest = rows & 31;
    return rest === 0 || validity[rows >>> 5] === 2 ** rest - 1;
  }
}
