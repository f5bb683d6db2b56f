import type { AuditCheckpoint, AuditVerdict } from '@kydai/contracts';
import type { Dialect } from '../records/dialect.ts';
import { ask } from '../records/steps.ts';
import type { CheckpointSigner } from './key.ts';
import { type Transact, toCheckpoint } from './log.ts';
import { foldPeaks, grow, leafHash, type NodeId } from './merkle.ts';
import { lowestKept } from './tree.ts';

const batch = 1_000;
const maxFaults = 100;

interface Parts {
  readonly dialect: Dialect;
  readonly transact: Transact;
  readonly signer: CheckpointSigner;
}

/**
 * Reads the whole log again. Every leaf is rehashed and compared with its stored hash, every stored interior hash with
 * the one computed from the leaves, and every checkpoint's signature and root with the tree of its size. Works in
 * batches and leaves the event loop free in between. Leaves appended meanwhile are verified too.
 */
export async function verifyLog({ dialect, transact, signer }: Parts): Promise<AuditVerdict> {
  const { db } = dialect;
  const faults: string[] = [];
  const fault = (text: string) => {
    if (faults.length < maxFaults) faults.push(text);
  };
  const rows = (
    await transact(() =>
      ask(db.selectFrom('audit_checkpoint').selectAll().orderBy('size').orderBy('at').compile()),
    )
  ).rows;
  const checkpoints = rows.map(toCheckpoint);
  for (const checkpoint of checkpoints) {
    if (!signer.verify(checkpoint)) {
      fault(
        `the checkpoint of size ${checkpoint.size} made at ${time(checkpoint)} is not signed by the audit key`,
      );
    }
  }

  const edge: Buffer[] = [];
  let size = 0;
  let waiting = 0;
  let lastGood = 0;
  const check = () => {
    for (; checkpoints[waiting]?.size === size; waiting++) {
      const checkpoint = checkpoints[waiting]!;
      if (foldPeaks(edge).toString('hex') === checkpoint.root) lastGood = size;
      else
        fault(
          `leaves ${lastGood} to ${size - 1} are not those that the checkpoint of size ${size} made at ${time(checkpoint)} was signed over`,
        );
    }
  };
  check();
  for (;;) {
    const page = await transact(function* () {
      const leaves = yield* ask(
        db
          .selectFrom('audit_leaf')
          .selectAll()
          .where('idx', '>=', size)
          .orderBy('idx')
          .limit(batch)
          .compile(),
      );
      return leaves.rows;
    });
    const made: { node: NodeId; hash: Buffer }[] = [];
    const first = size;
    for (const row of page) {
      const index = Number(row['idx']);
      if (index !== size) {
        fault(index === size + 1 ? `leaf ${size} is missing` : `leaves ${size} to ${index - 1} are missing`);
        return verdict(size, foldPeaks(edge), checkpoints, faults);
      }
      const hash = leafHash(String(row['entry']));
      if (!hash.equals(row['hash'] as Buffer))
        fault(`leaf ${index} was changed: it does not hash to its stored hash`);
      grow(edge, size, hash, (node, above) => {
        if (node.level >= lowestKept) made.push({ node, hash: above });
      });
      size += 1;
      check();
    }
    const stored = await storedNodes(dialect, transact, made, first, size);
    for (const { node, hash } of made) {
      const found = stored.get(`${node.level}.${node.index}`);
      if (found === undefined || !hash.equals(found)) {
        const start = node.index * 2 ** node.level;
        fault(`leaves ${start} to ${start + 2 ** node.level - 1} do not hash to the stored hash above them`);
      }
    }
    if (page.length < batch) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const checkpoint of checkpoints.slice(waiting)) {
    fault(
      `leaves ${size} to ${checkpoint.size - 1} are missing: the checkpoint made at ${time(checkpoint)} was signed over ${checkpoint.size} leaves`,
    );
  }
  return verdict(size, foldPeaks(edge), checkpoints, faults);
}

/** The stored hashes of the subtrees that end within the leaves from `first` to before `end`. */
async function storedNodes(
  dialect: Dialect,
  transact: Transact,
  made: readonly { readonly node: NodeId }[],
  first: number,
  end: number,
): Promise<ReadonlyMap<string, Buffer>> {
  const levels = made.reduce((most, { node }) => Math.max(most, node.level), 0);
  const found = new Map<string, Buffer>();
  for (let level = lowestKept; level <= levels; level++) {
    const query = dialect.db
      .selectFrom('audit_node')
      .select(['idx', 'hash'])
      .where('level', '=', level)
      .where('idx', '>=', Math.floor(first / 2 ** level))
      .where('idx', '<', Math.ceil(end / 2 ** level))
      .compile();
    const { rows } = await transact(() => ask(query));
    for (const row of rows) found.set(`${level}.${Number(row['idx'])}`, row['hash'] as Buffer);
  }
  return found;
}

function time({ at }: AuditCheckpoint): string {
  return Number.isFinite(at) && Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : String(at);
}

function verdict(
  size: number,
  root: Buffer,
  checkpoints: readonly AuditCheckpoint[],
  faults: readonly string[],
): AuditVerdict {
  return {
    intact: faults.length === 0,
    size,
    root: root.toString('hex'),
    checkpoints: checkpoints.length,
    faults,
  };
}
