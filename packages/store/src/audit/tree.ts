import { StoreError } from '../error.ts';
import type { Dialect } from '../records/dialect.ts';
import { type Answer, ask, type Steps } from '../records/steps.ts';
import { fill } from '../records/template.ts';
import { foldPeaks, grow, type LeafRange, leafHash, type NodeId, peaks } from './merkle.ts';

/**
 * The log's tables as a tree. Leaves are numbered rows; `audit_node` holds the hash of every complete subtree above
 * them, so that appending and proving read O(log n) rows.
 */

export function* logSize({ db }: Dialect): Steps<number> {
  const answer = yield* ask(
    fill(db, 'last leaf', [], () => db.selectFrom('audit_leaf').select((eb) => eb.fn.max('idx').as('last'))),
  );
  const last = answer.rows[0]?.['last'];
  return last === null || last === undefined ? 0 : Number(last) + 1;
}

function* nodeAt({ db }: Dialect, node: NodeId): Steps<Buffer> {
  const query =
    node.level === 0
      ? fill(db, 'leaf', [node.index], ([index]) =>
          db.selectFrom('audit_leaf').select('hash').where('idx', '=', index!),
        )
      : fill(db, 'node', [node.level, node.index], ([level, index]) =>
          db.selectFrom('audit_node').select('hash').where('level', '=', level!).where('idx', '=', index!),
        );
  const answer: Answer = yield* ask(query);
  const hash = answer.rows[0]?.['hash'];
  if (!Buffer.isBuffer(hash)) {
    throw new StoreError(
      'damaged',
      `the audit log lacks the hash of leaf ${node.index * 2 ** node.level}; verify the log`,
    );
  }
  return hash;
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
  const edge: Buffer[] = [];
  for (const peak of peaks(size)) edge.push(yield* nodeAt(dialect, peak));
  for (const entry of entries) {
    const hash = leafHash(Buffer.from(entry, 'utf8'));
    yield* ask(
      fill(db, 'new leaf', [size, hash, entry], ([idx, hash, entry]) =>
        db.insertInto('audit_leaf').values({ idx, hash, entry }),
      ),
    );
    const made: { node: NodeId; hash: Buffer }[] = [];
    grow(edge, size, hash, (node, above) => made.push({ node, hash: above }));
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
