import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { FileFollower } from './follow.ts';
import { followJournal } from './journal.ts';
import type { Positions } from './positions.ts';
import type { Sent } from './send.ts';

export interface ShipOptions {
  readonly files: readonly string[];
  readonly journal: boolean;
  readonly journalFolder?: string | undefined;
  /** Ends when everything that is there is shipped. */
  readonly once: boolean;
  readonly positions: Positions;
  readonly send: (documents: readonly string[]) => Promise<Sent>;
  readonly signal: AbortSignal;
}

const pollEvery = 250;
const mostLines = 2000;

/**
 * Ships files and the journal. Resolves to the counts when it ends.
 *
 * INVARIANT: a position moves, durably, only after the collector said that what is before it is durable. After a kill
 * lines may come twice, and none is left out.
 */
export async function ship(options: ShipOptions): Promise<Sent> {
  const { files, positions, once, signal } = options;
  const total = { kept: 0, refused: 0 };
  const send = async (documents: readonly string[]) => {
    for (let at = 0; at < documents.length; at += mostLines) {
      const { kept, refused } = await options.send(documents.slice(at, at + mostLines));
      total.kept += kept;
      total.refused += refused;
    }
  };
  const shipFile = async (path: string) => {
    const follower = new FileFollower(path, positions.of(path));
    try {
      while (!signal.aborted) {
        const read = await follower.next();
        if (read !== undefined) {
          await send(read.lines.filter((line) => line.trim() !== '').map((line) => documentOf(line, path)));
          await positions.set(path, read.position);
        } else if (once) return;
        else await delay(pollEvery, undefined, { signal });
      }
    } finally {
      await follower.close();
    }
  };
  const shipJournal = async () => {
    const folder = options.journalFolder;
    for await (const entries of followJournal({ after: positions.cursor, once, folder, signal })) {
      await send(entries.documents);
      await positions.setCursor(entries.cursor);
    }
  };
  try {
    await Promise.all([...files.map(shipFile), ...(options.journal ? [shipJournal()] : [])]);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return total;
}

/** A line that is a JSON object is the event; any other is its message. */
function documentOf(line: string, path: string): string {
  const about = { 'log.file.path': path, 'agent.type': 'kydai-ship', 'agent.name': hostname() };
  if (line.startsWith('{')) {
    try {
      const own: unknown = JSON.parse(line);
      if (typeof own === 'object' && own !== null) return JSON.stringify({ ...about, ...own });
    } catch {
      // Not JSON after all.
    }
  }
  return JSON.stringify({ ...about, message: line });
}
