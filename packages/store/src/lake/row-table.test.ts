import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Event } from '@kydai/contracts';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anyEvent } from '../contract/arbitrary.ts';
import { sample } from '../contract/samples.ts';
import { Chunks, shapeOf } from './chunks.ts';
import { encodeFrame } from './encode.ts';
import { frameShape } from './frame.ts';
import { everyRow, partition } from './partition.ts';
import { askedRows, type RowTable, teachRows } from './row-table.ts';
import { stagedRows } from './staging.ts';
import { TextMemory } from './text-memory.ts';

describe('the rows of segments', () => {
  let instance: DuckDBInstance;
  let connection: DuckDBConnection;
  beforeAll(async () => {
    instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    connection = await instance.connect();
    teachRows(connection);
  });
  afterAll(() => {
    connection.closeSync();
    instance.closeSync();
  });

  async function read(table: RowTable, events: readonly Event[]) {
    const content = encodeFrame(events);
    const rows = partition([
      { content, frames: [{ ...frameShape(content), start: 0, end: content.length }] },
    ]);
    const used = new Uint8Array(256);
    for (const part of rows.parts) for (const [code, one] of part.used.entries()) used[code]! |= one;
    const memory = new TextMemory([content]);
    const chunks = new Chunks(shapeOf(used, rows.isUuid.includes(0)), rows, everyRow(rows), memory);
    const found = await table(chunks, (from) => connection.runAndReadAll(`select * from ${from}`));
    memory.release();
    return { ...chunks.ids, columns: found.columnNames(), rows: found.getRowsJson() };
  }

  it('are the same whether the engine asks for them or is given them first', async () => {
    const events = fc.array(
      fc
        .tuple(anyEvent, fc.boolean())
        .map(([event, own]) => (own ? { ...event, id: event.raw || 'x' } : event)),
      { minLength: 1, maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(events, async (some) => {
        expect(await read(askedRows, some)).toEqual(await read(stagedRows(connection), some));
      }),
      { numRuns: 40 },
    );
  });

  it('are all there, in order, over many chunks, and those without a value have none', async () => {
    const events = Array.from({ length: 5_000 }, (_, n) =>
      sample({
        raw: `line ${n} ${'x'.repeat(n % 20)}`,
        fields: { ...(n % 3 === 0 && { 'source.port': n }), ...(n > 4_100 && { 'user.name': `u${n}` }) },
      }),
    );
    const { rows, columns, minId, maxId } = await read(askedRows, events);
    const value = (row: number, name: string) => rows[row]![columns.indexOf(name)];
    expect(rows).toHaveLength(5_000);
    expect([minId, maxId]).toEqual([events[0]!.id, events.at(-1)!.id]);
    for (const [row, event] of events.entries()) {
      expect(value(row, 'id')).toBe(event.id);
      expect(value(row, 'raw')).toBe(event.raw);
      expect(value(row, 'source.port')).toBe(row % 3 === 0 ? String(row) : null);
      expect(value(row, 'user.name')).toBe(row > 4_100 ? `u${row}` : null);
    }
  });

  it('fail the query that reads them where they cannot be given', async () => {
    const broken = {
      shape: shapeOf(new Uint8Array(256), false),
      count: 1,
      fill: () => {
        throw new Error('no more');
      },
    };
    const asked = askedRows(broken as unknown as Chunks, (from) => connection.run(`select * from ${from}`));
    await expect(asked).rejects.toThrow('no more');
    await expect(connection.run('select * from kydai_rows(0)')).rejects.toThrow('no such rows');
  });
});
