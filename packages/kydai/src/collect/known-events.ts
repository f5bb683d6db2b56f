import type { EventFilter, EventStore } from '@kydai/contracts';
import { z } from 'zod';

const Question = z.strictObject({
  /** Values of `event.id`. */
  ids: z.array(z.string().min(1).max(100)).max(2000),
  /** Epoch ms; what was received before is not looked for. */
  since: z.number().int().min(0),
});

/** An event that was kept twice is found twice. */
const mostFound = 4000;

/**
 * Which events a shipper was not told about although they are kept: it asks after a kill or a broken answer, before it
 * sends again. Undefined for a question that is none.
 */
export async function knownEvents(
  store: EventStore,
  question: unknown,
): Promise<readonly string[] | undefined> {
  const asked = Question.safeParse(question);
  if (!asked.success) return undefined;
  const { ids, since } = asked.data;
  const hex = since.toString(16).padStart(12, '0');
  const received: EventFilter = {
    op: 'range',
    field: 'id',
    gt: `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`,
  };
  const { events } = await store.search({
    filter: { op: 'and', filters: [received, { op: 'among', field: 'event.id', values: ids }] },
    limit: mostFound,
  });
  return [...new Set(events.map(({ fields }) => String(fields.get('event.id'))))];
}
