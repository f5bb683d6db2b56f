import { FieldList } from './fields.ts';
import type { Normalised } from './normalise.ts';

/** Adds what had to be replaced or cut before the line could be read. */
export function withFault(read: Normalised, fault: string | undefined): Normalised {
  if (fault === undefined) return read;
  const fields = new FieldList();
  for (const [name, value] of read.fields.entries()) fields.add(name, value);
  const before = fields.get('error.message');
  fields.set('error.message', typeof before === 'string' ? `${fault}; ${before}` : fault);
  return { ...read, fields };
}
