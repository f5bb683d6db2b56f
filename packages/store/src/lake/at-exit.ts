import type { DuckDBConnection } from '@duckdb/node-api';

const asked = new Set<DuckDBConnection>();
let listening = false;

/**
 * Sees to it that a query of this connection ends when the process exits, until the returned function is called: Node
 * waits for it then, and no timer runs any more that would end it.
 */
export function interruptedAtExit(connection: DuckDBConnection): () => void {
  if (!listening) {
    listening = true;
    process.on('exit', () => {
      for (const one of asked) one.interrupt();
    });
  }
  asked.add(connection);
  return () => asked.delete(connection);
}
