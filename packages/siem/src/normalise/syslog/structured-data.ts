import type { FieldList } from '../fields.ts';

const maximumParameters = 64;

/**
 * Reads the structured data of RFC 5424 section 6.3 at `at`: one or more `[id name="value" ...]`. Returns where it
 * ends, or -1 where it is malformed. Values unescape `\"`, `\\` and `\]`. Beyond 64 parameters the rest is read but
 * not kept as fields.
 *
 * The element `kydai@32473` with the parameter `drill` marks an event of an exercise: see `markDrill`.
 */
export function readStructuredData(
  line: string,
  at: number,
  fields: FieldList,
  about: { columns: string } = { columns: '' },
): number {
  let cursor = at;
  let kept = 0;
  if (line.charCodeAt(cursor) !== 91) return -1;
  while (line.charCodeAt(cursor) === 91) {
    let end = ++cursor;
    while (isNameCode(line.charCodeAt(end))) end++;
    if (end === cursor || end - cursor > 64) return -1;
    const id = line.slice(cursor, end);
    cursor = end;
    while (line.charCodeAt(cursor) === 32) {
      while (line.charCodeAt(cursor) === 32) cursor++;
      if (line.charCodeAt(cursor) === 93) break;
      end = cursor;
      while (isNameCode(line.charCodeAt(end))) end++;
      if (end === cursor || end - cursor > 64) return -1;
      if (line.charCodeAt(end) !== 61 || line.charCodeAt(end + 1) !== 34) return -1;
      const name = line.slice(cursor, end);
      const start = end + 2;
      const close = closingQuote(line, start);
      if (close < 0) return -1;
      if (kept++ < maximumParameters) {
        const text = line.slice(start, close);
        const value = text.includes('\\') ? text.replace(/\\(["\\\]])/g, '$1') : text;
        if (id === 'kydai@32473' && name === 'drill') markDrill(fields, value);
        else if (id === 'ship@32473' && name === 'columns') about.columns = value;
        else fields.offer(`log.syslog.structured_data.${id}.${name}`, value);
      }
      cursor = close + 1;
    }
    if (line.charCodeAt(cursor) !== 93) return -1;
    cursor++;
  }
  return cursor;
}

/**
 * Marks an event as part of the exercise `id`. Anyone who can send a line can write the mark, and an incident of a drill
 * has no legal clock and is not counted: so the mark is a claim, and whoever acts on a detection honours it only for
 * devices that the register holds for drills.
 */
export function markDrill(fields: FieldList, id: string): void {
  fields.set('kydai.drill', true);
  fields.set('kydai.drill.id', id);
}

/** SD-NAME: printable ASCII without `=`, `]`, `"` and space. */
function isNameCode(code: number): boolean {
  return code > 32 && code < 127 && code !== 61 && code !== 93 && code !== 34;
}

function closingQuote(line: string, from: number): number {
  for (let at = from; at < line.length; at++) {
    const code = line.charCodeAt(at);
    if (code === 92) at++;
    else if (code === 34) return at;
    else if (code === 93) return -1;
  }
  return -1;
}
