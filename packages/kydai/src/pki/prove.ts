import type {
  AuditCheckpoint,
  AuditLeaf,
  AuditLog,
  Clock,
  ConsistencyView,
  InclusionView,
} from '@kydai/contracts';
import { ShellError } from '../error.ts';

const step = 1000;
/** How far the time in an entry may be from its place in the log: commits wait for one another. */
const slack = 120_000;

export interface Prover {
  /** @throws ShellError `not-found` */
  inclusion(index: number): Promise<InclusionView>;
  /** Every entry about a target, such as `certificate:<serial>`, not older than `since`. */
  about(target: string, since: number): Promise<readonly InclusionView[]>;
  consistency(from: number, to: number | undefined): Promise<ConsistencyView>;
}

/** Proofs from the audit log, each against a checkpoint that is signed now or was within the last minute. */
export function createProver(parts: {
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly publicKeyPem: string;
}): Prover {
  const { audit, clock, publicKeyPem } = parts;
  let last: AuditCheckpoint | undefined;

  async function checkpointOver(size: number): Promise<AuditCheckpoint> {
    if (last === undefined || last.size < size || clock.now() - last.at > 60_000)
      last = await audit.checkpoint();
    return last;
  }

  async function prove(leaf: AuditLeaf): Promise<InclusionView> {
    const checkpoint = await checkpointOver(leaf.index + 1);
    const proof = await audit.inclusionProof(leaf.index, checkpoint.size);
    return { index: leaf.index, entry: leaf.entry, proof: [...proof], checkpoint, publicKeyPem };
  }

  /** The first entry not older than a moment: the times in the log rise, but for the slack. */
  async function firstSince(moment: number): Promise<number> {
    let low = 0;
    let high = await audit.size();
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const [leaf] = await audit.entries(middle, 1);
      if ((leaf?.entry.at ?? 0) < moment - slack) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    async inclusion(index) {
      const [leaf] = await audit.entries(index, 1);
      if (leaf === undefined) throw new ShellError('not-found', `the audit log has no entry ${index}`);
      return prove(leaf);
    },
    async about(target, since) {
      const found: AuditLeaf[] = [];
      for (let from = await firstSince(since); ; from += step) {
        const page = await audit.entries(from, step);
        found.push(...page.filter(({ entry }) => entry.target === target));
        if (page.length < step) break;
        await new Promise((resolve) => setImmediate(resolve));
      }
      const proofs: InclusionView[] = [];
      for (const leaf of found.slice(0, 100)) proofs.push(await prove(leaf));
      return proofs;
    },
    async consistency(from, to) {
      const checkpoint = to === undefined ? await audit.checkpoint() : await checkpointOver(to);
      const end = to ?? checkpoint.size;
      const proof = await audit.consistencyProof(from, end);
      return { from, to: end, proof: [...proof], checkpoint, publicKeyPem };
    },
  };
}
