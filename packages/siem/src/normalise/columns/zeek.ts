import type { FieldValue } from '@kydai/contracts';
import { isAddress } from '../address.ts';
import { readTime } from '../json/document.ts';
import { nameSensor } from '../json/sensors.ts';
import { type Columns, isColumnName, mostColumns } from './kind.ts';

const utc = () => 0;

interface Column {
  readonly name: string;
  /** Of Zeek's types; that of the elements for sets and vectors. */
  readonly type: string;
  readonly many: boolean;
}

/**
 * Compiles the header of a Zeek log in its own format (Zeek, "Zeek Log Formats": ASCII writer). The lines then become
 * what Zeek's JSON writer would have written of them.
 */
export function compileZeek(header: string): Columns | string {
  const [first = '', ...lines] = header.split('\n');
  const separator = unescaped(first.slice('#separator '.length));
  if (separator.length !== 1) return 'the header of the file names no separator';
  const settings = new Map<string, string>();
  for (const line of lines) {
    const at = line.indexOf(separator);
    if (at > 1) settings.set(line.slice(1, at), line.slice(at + 1));
  }
  const names = settings.get('fields')?.split(separator) ?? [];
  const types = settings.get('types')?.split(separator) ?? [];
  if (names.length === 0 || names.length !== types.length)
    return 'the header of the file does not name a type for each column';
  if (names.length > mostColumns) return `the header of the file names more than ${mostColumns} columns`;
  if (!names.every(isColumnName) || new Set(names).size !== names.length)
    return 'the header of the file names a column twice, or as no column is called';
  const columns = names.map((name, index): Column => {
    const many = /^(?:set|vector)\[(\w+)\]$/.exec(types[index]!);
    return { name, type: many?.[1] ?? types[index]!, many: many !== null };
  });
  const unset = settings.get('unset_field') ?? '-';
  const empty = settings.get('empty_field') ?? '(empty)';
  const within = unescaped(settings.get('set_separator') ?? ',');
  const path = settings.get('path') ?? '';
  const log = /^[a-z0-9_-]{1,40}$/.test(path) ? path.replaceAll('-', '_') : 'log';

  return {
    read(draft, line) {
      const cells = line.split(separator, mostColumns + 1);
      if (cells.length !== columns.length)
        return `the line has ${cells.length} columns, the header of the file ${columns.length}`;
      const values = new Map<string, FieldValue>();
      for (let index = 0; index < columns.length; index++) {
        const { name, type, many } = columns[index]!;
        const cell = cells[index]!;
        if (cell === unset) continue;
        const value = many ? listOf(cell, type) : cell === empty ? '' : cellValue(cell, type);
        if (value === undefined) return `the column \`${name}\` is no ${type}`;
        values.set(name, value);
      }
      const named = nameSensor(log, values);
      draft.dataset = named.dataset;
      for (const [name, value] of named.fields) draft.fields.offer(name, value);
      const time = readTime(values.get('ts') ?? null, utc);
      if (Number.isNaN(time)) draft.timeFlag = 'none';
      else draft.happened(time);
      draft.parsed = true;
      return '';
    },
  };

  function listOf(cell: string, type: string): readonly string[] | undefined {
    if (cell === empty || cell === '') return [];
    const parts = cell.split(within, 1024).map((part) => (part === unset ? '' : cellValue(part, type)));
    return parts.includes(undefined) ? undefined : parts.map(String);
  }
}

/** A value of its type; undefined where it is none, for then the header is not that of the line. */
function cellValue(cell: string, type: string): string | number | boolean | undefined {
  switch (type) {
    case 'time':
    case 'interval':
    case 'double': {
      const number = Number(cell);
      return cell.trim() !== '' && Number.isFinite(number) ? number : undefined;
    }
    case 'count':
    case 'int':
    case 'port':
      return /^-?\d{1,20}$/.test(cell)
        ? Number.isSafeInteger(Number(cell))
          ? Number(cell)
          : cell
        : undefined;
    case 'bool':
      return cell === 'T' ? true : cell === 'F' ? false : undefined;
    case 'addr':
      return isAddress(cell) ? cell : undefined;
    default:
      return unescaped(cell);
  }
}

/** `\x09` as the character that it is; bytes beyond ASCII are UTF-8. */
function unescaped(text: string): string {
  if (!text.includes('\\x')) return text;
  return text.replaceAll(/(?:\\x[0-9A-Fa-f]{2})+/g, (escaped) =>
    Buffer.from(escaped.replaceAll('\\x', ''), 'hex').toString('utf8'),
  );
}
