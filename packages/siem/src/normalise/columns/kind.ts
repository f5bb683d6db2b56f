import type { Draft } from '../fields.ts';
import type { ZoneOffset } from '../syslog/time.ts';

/** Reads the lines of one kind of file. Returns what is wrong with a line that does not fit, else an empty string. */
export interface Columns {
  read(draft: Draft, line: string, zone: ZoneOffset): string;
}

/** More columns than any product writes; a header with more is refused, and so are its lines. */
export const mostColumns = 256;

/** Names that a header may give: those of our own marks are not its to set. */
export function isColumnName(name: string): boolean {
  return /^[\w.@()$-]{1,128}$/.test(name) && !name.startsWith('kydai.');
}
