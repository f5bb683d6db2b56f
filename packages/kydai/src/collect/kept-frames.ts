import type { EventFilter, EventStore, RecordStore } from '@kydai/contracts';
import { type KeptFrame, lineOf } from '@kydai/siem';
import { StoreError } from '@kydai/store';
import { ledgerMarks } from './ledgers.ts';

/** Shippers give up an answer after a minute, most of them sooner. */
const answerMs = 60_000;
const mostRead = 100_000;
/** Where the id of a line that came over syslog lies. */
const shipped = 'log.syslog.structured_data.ship@32473.id';

/**
 * What HTTP senders and `kydai ship` sent shortly before this start, and what of it was kept: of some of it they never
 * heard so, and will send it again. While the store cannot answer, what it would have told is missing: such events may
 * be kept twice then, which `onMissing` is told.
 */
export async function recentlyKept(
  records: RecordStore,
  events: EventStore,
  onMissing: (error: StoreError) => void,
): Promise<readonly KeptFrame[]> {
  // Killed within its first minute, the program has left no mark.
  const mark = (await records.get(ledgerMarks, 'through'))?.value.event ?? '0';
  const since = Number.parseInt(mark.replaceAll('-', '').slice(0, 12), 16) - answerMs;
  const hex = Math.max(0, since).toString(16).padStart(12, '0');
  const filter: EventFilter = {
    op: 'and',
    filters: [
      { op: 'range', field: 'id', gt: `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000` },
      {
        op: 'or',
        filters: [
          ...['bulk/*', 'http/*'].map(
            (pattern): EventFilter => ({ op: 'wildcard', field: 'source', pattern }),
          ),
          { op: 'wildcard', field: shipped, pattern: '*' },
        ],
      },
    ],
  };
  const kept: KeptFrame[] = [];
  let cursor: string | undefined;
  try {
    do {
      const page = await events.search({ filter, limit: 10_000, ...(cursor !== undefined && { cursor }) });
      for (const { source, fields, raw } of page.events) {
        const named = fields.get('event.id') ?? fields.get(shipped);
        const id = typeof named === 'string' ? named : '';
        kept.push({ source, id, line: lineOf(fields, id, raw) });
      }
      cursor = page.next;
    } while (cursor !== undefined && kept.length < mostRead);
  } catch (error) {
    if (!(error instanceof StoreError) || (error.code !== 'unavailable' && error.code !== 'busy'))
      throw error;
    onMissing(error);
  }
  return kept;
}
