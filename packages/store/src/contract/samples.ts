import type { Event, FieldValue } from '@kydai/contracts';
import { uuidv7 } from '@kydai/contracts';

/** A plain moment for tests: 2025-10-09T08:53:20Z. */
export const noon = 1_760_000_000_000;

/** An event of a test; fields may be given as an object. */
export function sample(
  more: Partial<Omit<Event, 'fields'>> & { readonly fields?: Record<string, FieldValue> } = {},
): Event {
  const { fields = {}, time = noon, ...rest } = more;
  return {
    id: uuidv7(noon),
    time,
    received: time + 5,
    source: 'syslog-udp/10.1.2.3',
    dataset: 'sshd.auth',
    raw: `<38>Oct  9 08:53:20 cổng sshd[411]: Failed password for root from 203.0.113.9 port 4242 ssh2`,
    ...rest,
    fields: new Map(Object.entries(fields)),
  };
}

/** An event as plain data, to compare. */
export function plain(event: Event | undefined): unknown {
  return event && { ...event, fields: Object.fromEntries([...event.fields.entries()].sort()) };
}
