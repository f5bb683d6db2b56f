import type { Event } from '@kydai/contracts';
import { quote, StoreError } from '../error.ts';

/** Bytes of text of one event, roughly. */
export const maxEventBytes = 8 * 1024 * 1024;
const maxTime = 8.64e15;
const maxText = 1_024;

export function tooLarge(id: string): StoreError {
  return new StoreError(
    'invalid-event',
    `event ${quote(id)} is larger than ${maxEventBytes} bytes; split or shorten it`,
  );
}

/** Throws `invalid-event` where an id, source, dataset, time or raw line cannot be stored. */
export function checkEvent({ id, time, received, source, dataset, raw }: Event): void {
  checkText('id', id, 1, id);
  checkText('source', source, 0, id);
  checkText('dataset', dataset, 0, id);
  checkTime('time', time, id);
  checkTime('received', received, id);
  if (typeof raw !== 'string')
    throw new StoreError('invalid-event', `the raw line of event ${quote(id)} is not text`);
}

function checkText(name: string, given: unknown, least: number, id: string): void {
  if (typeof given === 'string' && given.length >= least && given.length <= maxText) return;
  throw new StoreError(
    'invalid-event',
    `the ${name} of event ${quote(String(id))} must be text of ${least} to ${maxText} characters`,
  );
}

function checkTime(name: string, given: number, id: string): void {
  if (Math.abs(given) <= maxTime) return;
  throw new StoreError(
    'invalid-event',
    `the ${name} of event ${quote(id)} is not a time in epoch milliseconds`,
  );
}
