import { BIGINT, type DuckDBDataChunk, type DuckDBType, UUID, VARCHAR } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { integerColumns } from '../filter/columns.ts';
import { compareText } from '../filter/text.ts';
import { Cells, chunkRows } from './cells.ts';
import type { GramCollector } from './grams.ts';
import { idBytes, writeUuid } from './ids.ts';
import type { Rows } from './partition.ts';
import { columnByCode, oddCode, record, restCode } from './record.ts';
import type { TextMemory } from './text-memory.ts';

/** The columns of a table of rows. */
export interface Shape {
  /** Those besides the ones that every file has. */
  readonly columns: readonly string[];
  /** In the order in which they are written. */
  readonly all: readonly string[];
  readonly types: readonly DuckDBType[];
  /** By code: which of `all` it is. */
  readonly places: readonly (number | undefined)[];
}

/** A column for each code that is used, and one for ids that are not UUIDs if asked. */
export function shapeOf(used: Uint8Array, textIds: boolean): Shape {
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
  return { columns: [...(textIds ? ['id_text'] : []), ...names], all, types, places };
}

/** Gives rows to the engine, a chunk at a time and in the order given, and the runs of their raw lines to `grams`. */
export class Chunks {
  readonly shape: Shape;
  readonly count: number;
  readonly #rows: Rows;
  readonly #order: Uint32Array;
  readonly #memory: TextMemory;
  readonly #grams: GramCollector | undefined;
  readonly #cells: readonly Cells[];
  readonly #byCode: readonly (Cells | undefined)[];
  #next = 0;
  /** The rows with the lowest and the highest UUID so far, and the ids that are none. */
  #lowest = -1;
  #highest = -1;
  readonly #textIds: string[] = [];

  constructor(shape: Shape, rows: Rows, order: Uint32Array, memory: TextMemory, grams?: GramCollector) {
    this.shape = shape;
    this.count = order.length;
    this.#rows = rows;
    this.#order = order;
    this.#memory = memory;
    this.#grams = grams;
    const cells = shape.types.map((type) => new Cells(type === BIGINT ? 8 : 16));
    this.#cells = cells;
    this.#byCode = Array.from({ length: 256 }, (_, code) => cells[shape.places[code] ?? -1]);
  }

  /** Fills an empty chunk with the next rows; with none where there are no more. */
  fill(chunk: DuckDBDataChunk): void {
    const some = Math.min(chunkRows, this.count - this.#next);
    chunk.rowCount = some;
    if (some === 0) return;
    for (const column of this.#cells) column.clear();
    this.#read(some);
    this.#next += some;
    for (const [at, column] of this.#cells.entries())
      column.flush(duckdb.data_chunk_get_vector(chunk.chunk, at), some);
  }

  /** The first and the last of the ids of the rows that were given, as texts sort. */
  get ids(): { readonly minId: string; readonly maxId: string } {
    const { ids } = this.#rows;
    const uuids = this.#lowest < 0 ? [] : [this.#lowest, this.#highest];
    const found = [...this.#textIds, ...uuids.map((row) => writeUuid(ids, row * idBytes))].sort(compareText);
    return { minId: found[0] ?? '', maxId: found.at(-1) ?? '' };
  }

  #read(some: number): void {
    const { records, places, frame, start, time } = this.#rows;
    const grams = this.#grams;
    const byCode = this.#byCode;
    const { addresses } = this.#memory;
    const timeCells = this.#cell('time');
    const receivedCells = this.#cell('received');
    const sourceCells = this.#cell('source');
    const datasetCells = this.#cell('dataset');
    const rawCells = this.#cell('raw');
    for (let at = 0; at < some; at++) {
      const row = this.#order[this.#next + at]!;
      const { words, text } = records[frame[row]!]!;
      const place = places[frame[row]!]!;
      const address = addresses[place.segment]! + place.text;
      const begin = start[row]!;
      this.#readId(at, row, address);
      timeCells.setInteger(at, words, begin + record.time);
      receivedCells.setInteger(at, words, begin + record.received);
      sourceCells.setText(
        at,
        text,
        words[begin + record.source]!,
        words[begin + record.source + 1]!,
        address,
      );
      datasetCells.setText(
        at,
        text,
        words[begin + record.dataset]!,
        words[begin + record.dataset + 1]!,
        address,
      );
      const raw = words[begin + record.raw]!;
      const rawBytes = words[begin + record.raw + 1]!;
      rawCells.setText(at, text, raw, rawBytes, address);
      grams?.add(time[row]!, text, raw, rawBytes);
      const end = begin + words[begin]!;
      for (let field = begin + record.fields; field < end; ) {
        const word = words[field]!;
        const cells = byCode[word & 255]!;
        if ((word & 1) === 1) {
          cells.setInteger(at, words, field + 1);
          field += 3;
        } else {
          cells.setText(at, text, words[field + 1]!, word >>> 8, address);
          field += 2;
        }
      }
    }
  }

  #cell(name: string): Cells {
    return this.#cells[this.shape.all.indexOf(name)]!;
  }

  #readId(at: number, row: number, address: number): void {
    const { ids, isUuid, records, frame, start } = this.#rows;
    if (isUuid[row] === 1) {
      putUuid(this.#cells[0]!, at, ids, row * idBytes);
      if (this.#lowest < 0 || compareIds(ids, row, this.#lowest) < 0) this.#lowest = row;
      if (this.#highest < 0 || compareIds(ids, row, this.#highest) > 0) this.#highest = row;
      return;
    }
    const some = records[frame[row]!]!;
    const word = start[row]! + record.id;
    this.#cell('id_text').setText(at, some.text, some.words[word]!, some.words[word + 1]!, address);
    this.#textIds.push(some.textAt(word));
  }
}

function compareIds(ids: Buffer, a: number, b: number): number {
  for (let byte = 0; byte < idBytes; byte++) {
    const difference = ids[a * idBytes + byte]! - ids[b * idBytes + byte]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** DuckDB keeps a UUID as an integer of 128 bits with its highest bit flipped, lowest word first. */
function putUuid(cells: Cells, row: number, ids: Buffer, at: number): void {
  const { words } = cells;
  for (let word = 0; word < 4; word++) {
    const from = at + 12 - word * 4;
    words[row * 4 + word] =
      (ids[from]! << 24) | (ids[from + 1]! << 16) | (ids[from + 2]! << 8) | ids[from + 3]!;
  }
  words[row * 4 + 3]! ^= 0x8000_0000;
  cells.mark(row);
}
