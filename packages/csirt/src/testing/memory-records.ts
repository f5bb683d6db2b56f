import {
  type AuditEntry,
  type IndexValue,
  RecordConflict,
  type RecordKind,
  type RecordPage,
  type RecordQuery,
  type RecordStore,
  type RecordWhere,
  type StoredRecord,
  type Write,
} from '@kydai/contracts';

/**
 * A RecordStore in memory for tests. It keeps the contract: a commit is checked whole before anything changes, values
 * go through the kind's schema, and readers get copies.
 */
export class MemoryRecords implements RecordStore {
  readonly audit: AuditEntry[] = [];
  /** Called before a commit is applied; throw to refuse it. */
  beforeCommit: (writes: readonly Write[]) => void | Promise<void> = () => {};
  commits = 0;
  readonly #tables = new Map<string, Map<string, { json: string; version: number }>>();

  #table(name: string): Map<string, { json: string; version: number }> {
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = new Map();
      this.#tables.set(name, table);
    }
    return table;
  }

  async get<T>(kind: RecordKind<T>, key: string): Promise<StoredRecord<T> | undefined> {
    const row = this.#table(kind.name).get(key);
    return row && { value: JSON.parse(row.json) as T, version: row.version };
  }

  async find<T>(kind: RecordKind<T>, query: RecordQuery = {}): Promise<RecordPage<T>> {
    const matching = [...this.#table(kind.name).values()]
      .map((row) => ({ value: JSON.parse(row.json) as T, version: row.version }))
      .filter(({ value }) => matches(kind, value, query.where ?? {}))
      .sort((a, b) => (kind.key(a.value) < kind.key(b.value) ? -1 : 1));
    if (query.order !== undefined) {
      const down = query.order.startsWith('-');
      const index = indexOf(kind, query.order.replace(/^-/, ''));
      matching.sort((a, b) => order(index(a.value), index(b.value)) * (down ? -1 : 1));
    }
    const offset = query.offset ?? 0;
    const limit = Math.min(query.limit ?? 100, 10_000);
    return { records: matching.slice(offset, offset + limit), total: matching.length };
  }

  async count<T>(kind: RecordKind<T>, where: RecordWhere = {}): Promise<number> {
    return (await this.find(kind, { where, limit: 1 })).total;
  }

  async commit(writes: readonly Write[], audit: readonly AuditEntry[] = []): Promise<void> {
    await this.beforeCommit(writes);
    const changes = writes.map((item) => {
      const table = this.#table(item.kind.name);
      if (item.op === 'delete') return { table, key: item.key, json: undefined, version: 0 };
      const value = item.kind.schema.parse(item.value);
      const key = item.kind.key(value);
      const version = table.get(key)?.version;
      if (item.op === 'insert' && version !== undefined) throw new RecordConflict(item.kind.name, key);
      if (item.op === 'update' && version !== item.version) throw new RecordConflict(item.kind.name, key);
      return { table, key, json: JSON.stringify(value), version: (version ?? 0) + 1 };
    });
    for (const { table, key, json, version } of changes) {
      if (json === undefined) table.delete(key);
      else table.set(key, { json, version });
    }
    this.audit.push(...audit);
    this.commits += 1;
  }

  async close(): Promise<void> {}
}

function indexOf<T>(kind: RecordKind<T>, name: string): (value: T) => IndexValue {
  const index = kind.indexes[name];
  if (index === undefined) throw new Error(`kind ${kind.name} has no index ${name}`);
  return index;
}

function order(a: IndexValue, b: IndexValue): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return a < b ? -1 : 1;
}

function matches<T>(kind: RecordKind<T>, value: T, where: RecordWhere): boolean {
  return Object.entries(where).every(([name, wanted]) => {
    const actual = indexOf(kind, name)(value);
    if (Array.isArray(wanted)) return wanted.includes(actual);
    if (typeof wanted !== 'object' || wanted === null) return actual === wanted;
    const bounds = wanted as { gt?: IndexValue; gte?: IndexValue; lt?: IndexValue; lte?: IndexValue };
    return (
      (bounds.gt === undefined || order(actual, bounds.gt) > 0) &&
      (bounds.gte === undefined || order(actual, bounds.gte) >= 0) &&
      (bounds.lt === undefined || order(actual, bounds.lt) < 0) &&
      (bounds.lte === undefined || order(actual, bounds.lte) <= 0)
    );
  });
}
