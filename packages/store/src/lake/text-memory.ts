import { BLOB, DuckDBDataChunk } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';

/**
 * The bytes of segments in memory of DuckDB's, so that the texts of a table can point into them: a text is 16 bytes
 * (`duckdb_string_t` of duckdb.h), of which the first four are its length; up to twelve bytes follow as they are, longer
 * ones as their first four and a pointer. So a column of texts costs one call for 2,048 rows instead of one for each.
 */
export class TextMemory {
  readonly #holders: DuckDBDataChunk[] = [];
  /** Address of the first byte of each segment. */
  readonly addresses: readonly number[];

  constructor(segments: readonly Buffer[]) {
    this.addresses = segments.map((content) => {
      const holder = DuckDBDataChunk.create([BLOB], 1);
      this.#holders.push(holder);
      const vector = duckdb.data_chunk_get_vector(holder.chunk, 0);
      // At least so long that it is not kept within the 16 bytes.
      const long = content.length > 12 ? content : Buffer.concat([content, Buffer.alloc(13)]);
      duckdb.vector_assign_string_element_len(vector, 0, long);
      const entry = duckdb.vector_get_data(vector, 16);
      return Number(new DataView(entry.buffer, entry.byteOffset, 16).getBigUint64(8, true));
    });
  }

  /** Lets the memory go; no chunk that points into it may be in use any more. */
  release(): void {
    this.#holders.length = 0;
  }
}
