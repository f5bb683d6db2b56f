import { type DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import { identifier } from '../filter/columns.ts';
import type { Chunks, Shape } from './chunks.ts';
import type { RowTable } from './row-table.ts';

/** Makes the temporary table `staging` anew. */
export async function createStaging(connection: DuckDBConnection, { all, types }: Shape): Promise<void> {
  const table = all.map((name, at) => `${identifier(name)} ${types[at]!.toString()}`).join(', ');
  await connection.run(`create or replace temp table staging (${table})`);
}

/** Appends rows to it. */
export async function appendRows(connection: DuckDBConnection, chunks: Chunks): Promise<void> {
  const chunk = DuckDBDataChunk.create(chunks.shape.types);
  const appender = await connection.createAppender('staging');
  try {
    for (chunks.fill(chunk); chunk.rowCount > 0; chunks.fill(chunk)) {
      appender.appendDataChunk(chunk);
      chunk.reset();
    }
  } finally {
    appender.closeSync();
  }
}

/** Puts the rows into a table of the engine's first, which needs nobody to answer while the query runs. */
export function stagedRows(connection: DuckDBConnection): RowTable {
  return async (chunks, use) => {
    await createStaging(connection, chunks.shape);
    try {
      await appendRows(connection, chunks);
      return await use('staging');
    } finally {
      await connection.run('drop table if exists staging');
    }
  };
}
