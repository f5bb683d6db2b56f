import type { Columns } from './kind.ts';
import { compileW3c } from './w3c.ts';
import { compileZeek } from './zeek.ts';

const compiled = new Map<string, Columns | string>();
const mostCompiled = 512;

/**
 * How lines under a header are read (`FileHeader.columns`), or what is wrong with the header. Files have few headers, so
 * the last 512 are remembered.
 */
export function columnsOf(header: string): Columns | string {
  const known = compiled.get(header);
  if (known !== undefined) return known;
  const columns = header.startsWith('#separator ') ? compileZeek(header) : compileW3c(header);
  if (compiled.size >= mostCompiled) compiled.delete(compiled.keys().next().value!);
  compiled.set(header, columns);
  return columns;
}
