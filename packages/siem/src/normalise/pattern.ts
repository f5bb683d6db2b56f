import type { FieldValue } from '@kydai/contracts';
import { decimal, isAddress } from './address.ts';
import { NormaliseError } from './error.ts';
import type { FieldList } from './fields.ts';

/**
 * Message patterns as data, in the spirit of grok, without regular expressions.
 *
 * A pattern is literal text with holes: `Failed {method} for {user.name:rest} from {source.ip:ip} port
 * {source.port:int} ssh2`. A hole is `{field:type}`; `{_}` is read and thrown away. Types:
 *
 * - `word` (the default): one or more characters, no space
 * - `int`: decimal digits, kept as a number
 * - `ip`: an IP address
 * - `host`: an IP address, or a name, which is kept as `<prefix>.domain` instead of `<prefix>.ip`
 * - `text`: anything up to the next literal, also nothing
 * - `rest`: anything, also nothing, with what follows matched from the END of the line. At most one in a pattern.
 *
 * `rest` is what user-controlled text needs: a user called `x from 10.0.0.1 port 1 ssh2` must not be able to write the
 * address that is recorded (the log injections against log watchers of the fail2ban kind).
 */
export interface PatternRow {
  readonly match: string;
  /** Constant fields that a match adds. */
  readonly set?: Readonly<Record<string, FieldValue>>;
}

type HoleType = 'word' | 'int' | 'ip' | 'host' | 'text' | 'rest';
const holeTypes: ReadonlySet<string> = new Set(['word', 'int', 'ip', 'host', 'text', 'rest']);

interface Hole {
  readonly field: string;
  readonly type: HoleType;
  /** The literal after it; empty at the end of the pattern. */
  readonly after: string;
}

export interface Pattern {
  readonly head: string;
  readonly holes: readonly Hole[];
  /** Index of the `rest` hole, or the number of holes. */
  readonly rest: number;
  readonly constants: readonly (readonly [string, FieldValue])[];
}

/** Compiles one row. Throws a `NormaliseError` (`bad-pattern`) that quotes the row when it is not well formed. */
export function compilePattern(row: PatternRow): Pattern {
  const parts = row.match.split(/\{([^{}]*)\}/);
  const holes: Hole[] = [];
  for (let at = 1; at < parts.length; at += 2) {
    const [field = '', type = 'word'] = parts[at]!.split(':');
    const after = parts[at + 1]!;
    if (field === '' || !holeTypes.has(type))
      throw new NormaliseError('bad-pattern', `unknown hole in pattern \`${row.match}\``);
    if (after === '' && at + 2 < parts.length)
      throw new NormaliseError('bad-pattern', `adjacent holes in pattern \`${row.match}\``);
    holes.push({ field, type: type as HoleType, after });
  }
  const rests = holes.filter((hole) => hole.type === 'rest').length;
  if (rests > 1) throw new NormaliseError('bad-pattern', `more than one rest in pattern \`${row.match}\``);
  const rest = holes.findIndex((hole) => hole.type === 'rest');
  return {
    head: parts[0]!,
    holes,
    rest: rest < 0 ? holes.length : rest,
    constants: Object.entries(row.set ?? {}),
  };
}

const spans: number[] = [];

function fits(type: HoleType, value: string): boolean {
  switch (type) {
    case 'ip':
      return isAddress(value);
    case 'int':
      return decimal(value) >= 0;
    case 'word':
    case 'host':
      return value !== '' && !value.includes(' ');
    default:
      return true;
  }
}

/** Matches the whole of `text` and adds the fields to `into`; false (and nothing added) where it does not match. */
export function matchPattern(pattern: Pattern, text: string, into: FieldList): boolean {
  if (!text.startsWith(pattern.head)) return false;
  const { holes, rest } = pattern;
  const count = holes.length;
  let at = pattern.head.length;
  if (count === 0) {
    if (at !== text.length) return false;
  }
  for (let index = 0; index < rest; index++) {
    const hole = holes[index]!;
    let end: number;
    if (index === count - 1) {
      end = text.length - hole.after.length;
      if (end < at || !text.endsWith(hole.after)) return false;
    } else {
      end = text.indexOf(hole.after, at);
      if (end < 0) return false;
    }
    if (!fits(hole.type, text.slice(at, end))) return false;
    spans[index * 2] = at;
    spans[index * 2 + 1] = end;
    at = end + hole.after.length;
  }
  if (rest < count) {
    let end = text.length;
    for (let index = count - 1; index >= rest; index--) {
      const hole = holes[index]!;
      if (index === count - 1) {
        if (!text.endsWith(hole.after)) return false;
        end -= hole.after.length;
      }
      if (index === rest) {
        if (end < at) return false;
        spans[index * 2] = at;
        spans[index * 2 + 1] = end;
        break;
      }
      const before = holes[index - 1]!.after;
      const start = end - before.length < at ? -1 : text.lastIndexOf(before, end - before.length);
      if (start < at) return false;
      const from = start + before.length;
      if (!fits(hole.type, text.slice(from, end))) return false;
      spans[index * 2] = from;
      spans[index * 2 + 1] = end;
      end = start;
    }
  }
  for (let index = 0; index < count; index++) {
    const { field, type } = holes[index]!;
    if (field === '_') continue;
    const value = text.slice(spans[index * 2], spans[index * 2 + 1]);
    if (type === 'int') into.offer(field, decimal(value));
    else if (type === 'host' && !isAddress(value)) into.offer(field.replace(/ip$/, 'domain'), value);
    else into.offer(field, value);
  }
  for (const [name, value] of pattern.constants) into.offer(name, value);
  return true;
}

/** Rows in order, bucketed by the first character of their literal head, so that few are tried on a message. */
export class PatternTable {
  readonly #byFirst = new Map<number, Pattern[]>();
  readonly #open: Pattern[] = [];

  constructor(rows: readonly PatternRow[]) {
    for (const row of rows) {
      const pattern = compilePattern(row);
      if (pattern.head === '') {
        this.#open.push(pattern);
        continue;
      }
      const first = pattern.head.charCodeAt(0);
      const bucket = this.#byFirst.get(first);
      if (bucket) bucket.push(pattern);
      else this.#byFirst.set(first, [pattern]);
    }
  }

  /** Applies the first row that matches; rows that begin with a hole are tried last. */
  match(text: string, into: FieldList): boolean {
    const bucket = this.#byFirst.get(text.charCodeAt(0));
    if (bucket) for (const pattern of bucket) if (matchPattern(pattern, text, into)) return true;
    for (const pattern of this.#open) if (matchPattern(pattern, text, into)) return true;
    return false;
  }
}
