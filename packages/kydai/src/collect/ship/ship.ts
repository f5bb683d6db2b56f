import { setTimeout as delay } from 'node:timers/promises';
import { FileHeader } from '@kydai/siem';
import { idOf, type Parcel, parcelOf } from './documents.ts';
import { FileFollower } from './follow.ts';
import { followJournal } from './journal.ts';
import type { Positions } from './positions.ts';
import type { Send, Sent } from './send.ts';

export interface ShipOptions {
  readonly files: readonly string[];
  readonly journal: boolean;
  readonly journalFolder?: string | undefined;
  /** Ends when everything that is there is shipped. */
  readonly once: boolean;
  readonly positions: Positions;
  readonly send: Send;
  readonly signal: AbortSignal;
  /** Told after each batch: the counts, and how many bytes of how many of the files were read. */
  readonly onProgress?: (total: Sent, read: number, size: number) => void;
  /** Told of a file that cannot be read, with the system's code, and again when that changes. */
  readonly onUnread?: (path: string, code: string) => void;
  readonly onNote?: (note: string) => void;
}

const pollEvery = 250;
const mostLines = 2000;

/**
 * Ships files and the journal. Resolves to the counts when it ends.
 *
 * INVARIANT: a position moves, durably, only after the collector said that what is before it is durable. After a kill
 * the first batch of each file is sent with the mark that it may be there already, and the sender leaves out what is.
 */
export async function ship(options: ShipOptions): Promise<Sent> {
  const { files, positions, once, signal, onProgress = () => {}, onUnread, onNote } = options;
  const total = { kept: 0, refused: 0 };
  const sizes = new Map<string, { readonly read: number; readonly size: number }>();
  const { agent, resumedFrom } = positions;
  await positions.begin();
  const send = async (parcels: readonly Parcel[], first: boolean) => {
    for (let at = 0; at < parcels.length; at += mostLines) {
      const again = first && resumedFrom > 0 ? { since: resumedFrom } : undefined;
      const { kept, refused } = await options.send(parcels.slice(at, at + mostLines), again);
      total.kept += kept;
      total.refused += refused;
      const sum = (of: 'read' | 'size') => [...sizes.values()].reduce((bytes, file) => bytes + file[of], 0);
      onProgress(total, sum('read'), sum('size'));
    }
  };
  const shipFile = async (path: string) => {
    const follower = new FileFollower(path, positions.of(path));
    let first = true;
    let header = new FileHeader(positions.of(path)?.header);
    let told: string | undefined;
    try {
      while (!signal.aborted) {
        const read = await (once ? follower.last() : follower.next());
        if (follower.unread !== told && follower.unread !== undefined) onUnread?.(path, follower.unread);
        told = follower.unread;
        if (read !== undefined) {
          const { lines, offsets, position, size } = read;
          // Another file, or this one written anew.
          if (offsets[0] === 0) header = new FileHeader();
          else if (first && header.held === '')
            header = new FileHeader(await follower.beginning(offsets[0]!));
          const parcels = lines.flatMap((line, index) => {
            if (line.trim() === '') return [];
            const columns = header.take(line) ? '' : header.columns;
            return [parcelOf(line, path, idOf(agent, position.ino, offsets[index]!, line), columns)];
          });
          sizes.set(path, { read: position.offset, size });
          await send(parcels, first);
          await positions.set(path, { ...position, ...(header.held !== '' && { header: header.held }) });
          first = false;
        } else if (once) return;
        else await delay(pollEvery, undefined, { signal });
      }
    } finally {
      await follower.close();
    }
  };
  const shipJournal = async () => {
    const folder = options.journalFolder;
    let first = true;
    while (!signal.aborted) {
      const journal = followJournal({
        after: positions.cursor,
        once,
        folder,
        signal,
        ...(onNote && { onNote }),
      });
      for await (const { entries, cursor } of journal) {
        const parcels = entries.map((entry) => {
          const id = idOf(agent, entry.cursor);
          return { id, fields: { 'event.id': id, ...entry.fields } };
        });
        await send(parcels, first);
        await positions.setCursor(cursor);
        first = false;
      }
      if (once) return;
      // What follows the journal has no end of its own: whatever ended it, it goes on after its cursor.
      await delay(1000, undefined, { signal });
    }
  };
  try {
    await Promise.all([...files.map(shipFile), ...(options.journal ? [shipJournal()] : [])]);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return total;
}
