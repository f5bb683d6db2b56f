import {
  BIGINT,
  BLOB,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBType,
  UUID,
  VARCHAR,
} from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { identifier, integerColumns } from '../filter/columns.ts';
import { compareText } from '../filter/text.ts';
import type { GramCollector } from './grams.ts';
import { idBytes, writeUuid } from './ids.ts';
import type { Rows } from './partition.ts';
import { columnByCode, oddCode, record, restCode } from './record.ts';

const chunkRows = 2_048;

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

class Column {
  readonly words: Uint32Array;
  readonly bytes: Uint8Array;
  readonly validity = new Uint8Array(chunkRows / 8);
  readonly width: number;

  constructor(width: number) {
    this.width = width;
    this.words = new Uint32Array((chunkRows * width) / 4);
    this.bytes = new Uint8Array(this.words.buffer);
  }

  clear(): void {
    this.words.fill(0);
    this.validity.fill(0);
  }

  setText(row: number, text: Uint8Array, at: number, length: number, address: number): void {
    const word = row * 4;
    const { words, bytes } = this;
    words[word] = length;
    const to = row * 16 + 4;
    const inline = length <= 12 ? length : 4;
    for (let n = 0; n < inline; n++) bytes[to + n] = text[at + n]!;
    if (length > 12) {
      const pointer = address + at;
      words[word + 2] = pointer;
      words[word + 3] = pointer / 0x1_0000_0000;
    }
    this.validity[row >> 3]! |= 1 << (row & 7);
  }

  setInteger(row: number, from: Int32Array, at: number): void {
    this.words[row * 2] = from[at]!;
    this.words[row * 2 + 1] = from[at + 1]!;
    this.validity[row >> 3]! |= 1 << (row & 7);
  }

  flush(vector: duckdb.Vector, rows: number): void {
    duckdb.copy_data_to_vector(vector, 0, this.words.buffer as ArrayBuffer, 0, rows * this.width);
    duckdb.vector_ensure_validity_writable(vector);
    duckdb.copy_data_to_vector_validity(
      vector,
      0,
      this.validity.buffer as ArrayBuffer,
      0,
      Math.ceil(rows / 64) * 8,
    );
  }
}

/** The temporary table `staging`. */
export interface Staging {
  /** Columns besides those that every file has. */
  readonly columns: readonly string[];
  /** In the order in which they are written. */
  readonly all: readonly string[];
  readonly types: readonly DuckDBType[];
  /** By code: which of `all` it is. */
  readonly places: readonly (number | undefined)[];
}

/** Makes the table anew, with a column for each code that is used, and one for ids that are not UUIDs if asked. */
export async function createStaging(
  connection: DuckDBConnection,
  used: Uint8Array,
  textIds: boolean,
): Promise<Staging> {
  const coded = columnByCode.flatMap((column, code) =>
    column !== undefined && used[code] === 1 ? [{ ...column, code }] : [],
  );
  const rank = (code: number) => (code === oddCode || code === restCode ? 2 : code & 1);
  coded.sort((a, b) => rank(a.code) - rank(b.code) || a.code - b.code);
  const names = coded.map(({ name }) => name);
  const first = ['id', ...(textIds ? ['id_text'] : []), 'time', 'received', 'source', 'dataset'];
  const all = [...first, ...names, 'raw'];
  const integers = new Set(['time', 'received', ...integerColumns]);
  const types = all.map((name) => (name === 'id' ? UUID : integers.has(name) ? BIGINT : VARCHAR));
  const places = new Array<number | undefined>(256);
  for (const [at, { code }] of coded.entries()) places[code] = first.length + at;
  const table = all.map((name, at) => `${identifier(name)} ${types[at]!.toString()}`).join(', ');
  await connection.run(`create or replace temp table staging (${table})`);
  return { columns: [...(textIds ? ['id_text'] : []), ...names], all, types, places };
}

/**
 * Appends rows, in the order given, to the table, and the runs of their raw lines to `grams`. Resolves to the first and
 * the last of their ids, as texts sort.
 */
export async function appendRows(
  connection: DuckDBConnection,
  { all, types, places: columnOf }: Staging,
  { records, places, frame, start, time, ids, isUuid }: Rows,
  rows: Uint32Array,
  memory: TextMemory,
  grams?: GramCollector,
): Promise<{ readonly minId: string; readonly maxId: string }> {
  const cells = types.map((type) => new Column(type === BIGINT ? 8 : 16));
  const cell = (name: string) => cells[all.indexOf(name)]!;
  const textIdCell = cell('id_text');
  const idCell = cell('id');
  const timeCell = cell('time');
  const receivedCell = cell('received');
  const sourceCell = cell('source');
  const datasetCell = cell('dataset');
  const rawCell = cell('raw');
  const byCode = Array.from({ length: 256 }, (_, code) => cells[columnOf[code] ?? -1]);

  const chunk = DuckDBDataChunk.create(types);
  const appender = await connection.createAppender('staging');
  let min = -1;
  let max = -1;
  const textIds: string[] = [];
  try {
    for (let from = 0; from < rows.length; from += chunkRows) {
      const some = Math.min(chunkRows, rows.length - from);
      for (const column of cells) column.clear();
      for (let at = 0; at < some; at++) {
        const row = rows[from + at]!;
        const one = records[frame[row]!]!;
        const { words, text } = one;
        const place = places[frame[row]!]!;
        const address = memory.addresses[place.segment]! + place.text;
        const begin = start[row]!;
        const textCell = (column: Column, word: number) =>
          column.setText(at, text, words[begin + word]!, words[begin + word + 1]!, address);
        if (isUuid[row] === 1) {
          putUuid(idCell, at, ids, row * idBytes);
          if (min < 0 || compareIds(ids, row, min) < 0) min = row;
          if (max < 0 || compareIds(ids, row, max) > 0) max = row;
        } else {
          textCell(textIdCell, record.id);
          textIds.push(one.textAt(begin + record.id));
        }
        timeCell.setInteger(at, words, begin + record.time);
        receivedCell.setInteger(at, words, begin + record.received);
        textCell(sourceCell, record.source);
        textCell(datasetCell, record.dataset);
        textCell(rawCell, record.raw);
        grams?.add(time[row]!, text, words[begin + record.raw]!, words[begin + record.raw + 1]!);
        const end = begin + words[begin]!;
        for (let field = begin + record.fields; field < end; ) {
          const word = words[field]!;
          const column = byCode[word & 255]!;
          if ((word & 1) === 1) {
            column.setInteger(at, words, field + 1);
            field += 3;
          } else {
            column.setText(at, text, words[field + 1]!, word >>> 8, address);
            field += 2;
          }
        }
      }
      chunk.reset();
      chunk.rowCount = some;
      for (const [at, column] of cells.entries())
        column.flush(duckdb.data_chunk_get_vector(chunk.chunk, at), some);
      appender.appendDataChunk(chunk);
    }
  } finally {
    appender.closeSync();
  }
  const found =
    min < 0 ? textIds : [...textIds, writeUuid(ids, min * idBytes), writeUuid(ids, max * idBytes)];
  found.sort(compareText);
  return { minId: found[0] ?? '', maxId: found.at(-1) ?? '' };
}

function compareIds(ids: Buffer, a: number, b: number): number {
  for (let byte = 0; byte < idBytes; byte++) {
    const difference = ids[a * idBytes + byte]! - ids[b * idBytes + byte]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** DuckDB keeps a UUID as an integer of 128 bits with its highest bit flipped, lowest word first. */
function putUuid({ words, validity }: Column, row: number, ids: Buffer, at: number): void {
  for (let word = 0; word < 4; word++) {
    const from = at + 12 - word * 4;
    words[row * 4 + word] =
      (ids[from]! << 24) | (ids[from + 1]! << 16) | (ids[from + 2]! << 8) | ids[from + 3]!;
  }
  words[row * 4 + 3]! ^= 0x8000_0000;
  validity[row >> 3]! |= 1 << (row & 7);
}
