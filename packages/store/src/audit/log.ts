import type { AuditCheckpoint, AuditLeaf, AuditLog, Clock } from '@kydai/contracts';
import { StoreError } from '../error.ts';
import type { Dialect } from '../records/dialect.ts';
import { ask, type Row, type Steps } from '../records/steps.ts';
import { decodeEntry } from './entry.ts';
import type { CheckpointSigner } from './key.ts';
import { consistencyPath, inclusionPath, type LeafRange } from './merkle.ts';
import { logSize, rangeHash } from './tree.ts';
import { verifyLog } from './verify.ts';

const maxEntries = 10_000;

/** Runs steps in a transaction of the database that holds the log. */
export type Transact = <T>(steps: () => Steps<T>) => Promise<T>;

export interface LogParts {
  readonly dialect: Dialect;
  /** Runs steps that only read. */
  readonly read: Transact;
  readonly write: Transact;
  readonly clock: Clock;
  readonly signer: CheckpointSigner;
}

export function toCheckpoint(row: Row): AuditCheckpoint {
  return {
    size: Number(row['size']),
    root: String(row['root']),
    at: Number(row['at']),
    signature: String(row['signature']),
  };
}

/** The audit log over a database's tables. Entries are appended by commits of records, and only by them. */
export function auditLog({ dialect, read, write, clock, signer }: LogParts): AuditLog {
  const { db } = dialect;

  function bound(name: string, value: number, most: number): void {
    if (!Number.isSafeInteger(value) || value < 0 || value > most) {
      throw new StoreError('query', `${name} must be a whole number from 0 to ${most}`);
    }
  }

  function* hashes(ranges: readonly LeafRange[]): Steps<readonly string[]> {
    const found: string[] = [];
    for (const range of ranges) found.push((yield* rangeHash(dialect, range)).toString('hex'));
    return found;
  }

  return {
    size: () => read(() => logSize(dialect)),

    async entries(from, limit) {
      bound('the first entry', from, Number.MAX_SAFE_INTEGER);
      bound('the number of entries', limit, maxEntries);
      const query = db
        .selectFrom('audit_leaf')
        .select(['idx', 'hash', 'entry'])
        .where('idx', '>=', from)
        .orderBy('idx')
        .limit(limit)
        .compile();
      const { rows } = await read(() => ask(query));
      return rows.map(toLeaf);
    },

    async checkpoint() {
      const { size, root } = await read(function* () {
        const size = yield* logSize(dialect);
        return { size, root: (yield* rangeHash(dialect, { start: 0, end: size })).toString('hex') };
      });
      const statement = { size, root, at: clock.now() };
      const checkpoint = { ...statement, signature: await signer.sign(statement) };
      const query = db
        .insertInto('audit_checkpoint')
        .values(checkpoint)
        .onConflict((c) => c.columns(['size', 'at']).doNothing())
        .compile();
      await write(() => ask(query));
      return checkpoint;
    },

    inclusionProof: (index, size) =>
      read(function* () {
        const now = yield* logSize(dialect);
        bound('the size of the log', size, now);
        bound('the leaf', index, size - 1);
        return yield* hashes(inclusionPath(index, size));
      }),

    consistencyProof: (from, to) =>
      read(function* () {
        const now = yield* logSize(dialect);
        bound('the later size of the log', to, now);
        bound('the earlier size of the log', from, to);
        return yield* hashes(consistencyPath(from, to));
      }),

    verify: () => verifyLog({ dialect, transact: read, signer }),
  };
}

function toLeaf(row: Row): AuditLeaf {
  const index = Number(row['idx']);
  const entry = decodeEntry(String(row['entry']));
  if (entry === undefined) {
    throw new StoreError('damaged', `leaf ${index} of the audit log is not an entry; verify the log`);
  }
  return { index, hash: (row['hash'] as Buffer).toString('hex'), entry };
}
