import { createHash } from 'node:crypto';
import type { IndexValue, RecordKind } from '@kydai/contracts';
import { quote, StoreError } from '../error.ts';
import { plainIndexValue } from './dialect.ts';

// biome-ignore lint/suspicious/noExplicitAny: the store keeps every kind in one map; the callers' types hold at the edge
export type AnyKind = RecordKind<any>;

/** A record, checked and ready to be written. */
export interface Encoded {
  readonly key: string;
  readonly body: string;
  /** In the order of the table's index columns. */
  readonly indexes: readonly (string | number | null)[];
}

/** A kind of record with the names of its table and columns. */
export interface Table {
  readonly kind: AnyKind;
  readonly name: string;
  readonly indexes: readonly string[];
  /** By index name: changes when the index's function does, so that the column is computed again. */
  readonly sources: Readonly<Record<string, string>>;
}

const nameShape = /^[a-z][a-z0-9_]{0,47}$/;
const indexShape = /^[A-Za-z][A-Za-z0-9_]{0,47}$/;
const maxKeyLength = 512;

export const column = (index: string): string => `i_${index}`;

/** Checks a kind's declaration and names its table. Throws `invalid-record` for names that cannot be columns. */
export function tableOf(kind: AnyKind): Table {
  if (!nameShape.test(kind.name)) {
    throw new StoreError(
      'invalid-record',
      `record kind ${quote(kind.name)} must be lower-case words with underscores`,
    );
  }
  const indexes = Object.keys(kind.indexes);
  const folded = new Set(indexes.map((name) => name.toLowerCase()));
  if (folded.size !== indexes.length || !indexes.every((name) => indexShape.test(name))) {
    throw new StoreError(
      'invalid-record',
      `the index names of record kind ${quote(kind.name)} must be distinct words of letters, digits and underscores`,
    );
  }
  const sources = Object.fromEntries(
    indexes.map((name) => [
      name,
      createHash('sha256').update(String(kind.indexes[name])).digest('hex').slice(0, 16),
    ]),
  );
  return { kind, name: `r_${kind.name}`, indexes, sources };
}

/** Computes the index columns of a value. */
export function indexValues(table: Table, key: string, value: unknown): readonly (string | number | null)[] {
  return table.indexes.map((name) => {
    const found: IndexValue | undefined = table.kind.indexes[name]!(value);
    const plain = found === undefined ? undefined : plainIndexValue(found);
    const fits =
      plain === null ||
      (typeof plain === 'string' && !plain.includes('\0') && plain.isWellFormed()) ||
      (typeof plain === 'number' && Number.isFinite(plain));
    if (!fits) {
      throw new StoreError(
        'invalid-record',
        `index ${quote(name)} of record ${quote(key)} of kind ${quote(table.kind.name)} must be text without NUL, a finite number, a boolean or null`,
      );
    }
    return plain as string | number | null;
  });
}

/** Checks a value against its kind's schema and computes what is stored. Throws `invalid-record`. */
export function encode(table: Table, value: unknown): Encoded {
  const parsed = table.kind.schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new StoreError(
      'invalid-record',
      `a record of kind ${quote(table.kind.name)} does not fit its schema at ${quote(issue?.path.join('.') ?? '')}: ${issue?.message ?? 'unknown'}`,
    );
  }
  const key = checkKey(table, table.kind.key(parsed.data));
  let body: string | undefined;
  try {
    body = JSON.stringify(parsed.data);
  } catch (error) {
    throw new StoreError(
      'invalid-record',
      `record ${quote(key)} of kind ${quote(table.kind.name)} is not plain JSON`,
      {
        cause: error,
      },
    );
  }
  if (body === undefined) {
    throw new StoreError('invalid-record', `record ${quote(key)} of kind ${quote(table.kind.name)} is empty`);
  }
  return { key, body, indexes: indexValues(table, key, parsed.data) };
}

export function isKey(key: unknown): key is string {
  return typeof key === 'string' && key.length > 0 && key.length <= maxKeyLength && !key.includes('\0');
}

export function checkKey(table: Table, key: unknown): string {
  if (isKey(key)) return key;
  throw new StoreError(
    'invalid-record',
    `a key of record kind ${quote(table.kind.name)} must be text of 1 to ${maxKeyLength} characters without NUL`,
  );
}

/** Reads a stored body back through the schema, so that defaults of newer fields apply. Throws `damaged`. */
export function decode<T>(table: Table, key: string, body: unknown): T {
  try {
    return table.kind.schema.parse(typeof body === 'string' ? JSON.parse(body) : body) as T;
  } catch (error) {
    throw new StoreError(
      'damaged',
      `record ${quote(key)} of kind ${quote(table.kind.name)} cannot be read back; restore it from a backup`,
      { cause: error },
    );
  }
}
