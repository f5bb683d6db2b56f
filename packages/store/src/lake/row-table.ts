import { BIGINT, type DuckDBConnection, DuckDBTableFunction } from '@duckdb/node-api';
import type { Chunks } from './chunks.ts';

/** Lets a query read rows as a table: `use` is given its expression, which is read once. */
export type RowTable = <T>(chunks: Chunks, use: (table: string) => Promise<T>) => Promise<T>;

const name = 'kydai_rows';

/** What queries may read now, by number. */
const given = new Map<number, Chunks>();
let last = 0;

/** Teaches an engine the table of `askedRows`, for all its connections. */
export function teachRows(connection: DuckDBConnection): void {
  const table = DuckDBTableFunction.create({
    name,
    parameterTypes: [BIGINT],
    bindFunction(info) {
      const chunks = given.get(Number(info.getParameter(0)));
      if (chunks === undefined) {
        info.setError('no such rows');
        return;
      }
      const { all, types } = chunks.shape;
      for (const [at, column] of all.entries()) info.addResultColumn(column, types[at]!);
      info.setCardinality(chunks.count, true);
      info.setBindData(chunks);
    },
    initFunction() {},
    mainFunction(info, chunk) {
      try {
        (info.bindData as Chunks).fill(chunk);
      } catch (error) {
        info.setError(String(error));
      }
    },
  });
  connection.registerTableFunction(table);
  table.destroySync();
}

/**
 * The engine asks for the rows while it writes them, so that they lie nowhere else in between. It asks this thread and
 * waits: only for a thread that does nothing else, and that nobody ends in between (see `startThread`).
 */
export const askedRows: RowTable = async (chunks, use) => {
  const number = ++last;
  given.set(number, chunks);
  try {
    return await use(`${name}(${number})`);
  } finally {
    given.delete(number);
  }
};
