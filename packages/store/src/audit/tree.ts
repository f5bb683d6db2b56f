import { StoreError } from '../error.ts';
import type { Dialect } from '../records/dialect.ts';
import { type Answer, ask, type Steps } from '../records/steps.ts';
import { fill } from '../records/template.ts';
import { foldPeaks, grow, type LeafRange, leafHash, type NodeId, peaks } from './merkle.ts';

/**
 * The log's tables as a tree. Leaves are numbered rows; `audit_node` holds the hashes of the complete subtrees above
 * them, of 16 leaves or more, so that appending and proving read O(log n) rows. Smaller ones are computed from their
 * leaves, which lie side by side: kept too, they were half of all that an entry wrote.
 */

/** The lowest level whose hashes are kept. */
export const lowestKept = 4;

export function* logSize({ db }: Dialect): Steps<number> {
  const answer = yield* ask(
    fill(db, 'last leaf', [], () => db.selectFrom('audit_leaf').select((eb) => eb.fn.max('idx').as('last'))),
  );
  const last = answer.rows[0]?.['last'];
  return last === null || last === undefined ? 0 : Number(last) + 1;
}

function* nodeAt(dialect: Dialect, node: NodeId): Steps<Buffer> {
  const { db } = dialect;
  const first = node.index * 2 ** node.level;
  if (node.level < lowestKept) {
    const end = first + 2 ** node.level;
    return foldPeaks(yield* growOver(dialect, [], first, end));
  }
  const answer: Answer = yield* ask(
    fill(db, 'node', [node.level, node.index], ([level, index]) =>
      db.selectFrom('audit_node').select('hash').where('level', '=', level!).where('idx', '=', index!),
    ),
  );
  return hashOf(answer.rows[0]?.['hash'], first);
}

/**
 * Grows an edge by the leaves from `first` to before `end`, changing it in place. `first` is where a subtree begins that
 * is no smaller than them, so that they complete nothing of what was there before.
 */
function* growOver({ db }: Dialect, edge: Buffer[], first: number, end: number): Steps<Buffer[]> {
  if (first === end) return edge;
  const { rows } = yield* ask(
    fill(db, 'leaf hashes', [first, end], ([first, end]) =>
      db
        .selectFrom('audit_leaf')
        .select('hash')
        .where('idx', '>=', first!)
        .where('idx', '<', end!)
        .orderBy('idx'),
    ),
  );
  for (let index = first; index < end; index++)
    grow(edge, index - first, hashOf(rows[index - first]?.['hash'], index), () => undefined);
  return edge;
}

function hashOf(hash: unknown, leaf: number): Buffer {
  if (Buffer.isBuffer(hash)) return hash;
  throw new StoreError('damaged', `the audit log lacks the hash of leaf ${leaf}; verify the log`);
}

/** The hash over the leaves of a range, out of the hashes of complete subtrees. */
export function* rangeHash(dialect: Dialect, { start, end }: LeafRange): Steps<Buffer> {
  const hashes: Buffer[] = [];
  let from = start;
  for (const { level } of peaks(end - start)) {
    hashes.push(yield* nodeAt(dialect, { level, index: from / 2 ** level }));
    from += 2 ** level;
  }
  return foldPeaks(hashes);
}

/** Appends leaves, in the transaction that the caller has open. */
export function* appendLeaves(dialect: Dialect, entries: readonly string[]): Steps<void> {
  if (entries.length === 0) return;
  const { db } = dialect;
  let size = yield* logSize(dialect);
  const kept = size - (size % 2 ** lowestKept);
  const edge: Buffer[] = [];
  for (const peak of peaks(kept)) edge.push(yield* nodeAt(dialect, peak));
  yield* growOver(dialect, edge, kept, size);
  for (const entry of entries) {
    const hash = leafHash(entry);
    yield* ask(
      fill(db, 'new leaf', [size, hash, entry], ([idx, hash, entry]) =>
        db.insertInto('audit_leaf').values({ idx, hash, entry }),
      ),
    );
    const made: { node: NodeId; hash: Buffer }[] = [];
    grow(edge, size, hash, (node, above) => {
      if (node.level >= lowestKept) made.push({ node, hash: above });
    });
    for (const { node, hash: above } of made) {
      yield* ask(
        fill(db, 'new node', [node.level, node.index, above], ([level, idx, hash]) =>
          db.insertInto('audit_node').values({ level, idx, hash }),
        ),
      );
    }
    size += 1;
  }
}
