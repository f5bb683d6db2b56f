import { z } from 'zod';

/** What happened, by whom, to what. It becomes one leaf of the Merkle log and is never changed. */
export const AuditEntry = z
  .strictObject({
    /** Epoch milliseconds. */
    at: z.number(),
    /** `user:<id>`, `token:<id>`, `playbook:<id>`, `device:<id>` or `system`. */
    actor: z.string(),
    /** Dotted verb: `certificate.issue`, `certificate.revoke`, `step.done`, `approval.grant`, `decision.deny`. */
    action: z.string(),
    /** `type:id` of what was acted on. */
    target: z.string(),
    detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).readonly(),
  })
  .readonly();
export type AuditEntry = z.infer<typeof AuditEntry>;

export interface AuditLeaf {
  /** Position in the log, from 0. */
  readonly index: number;
  /** RFC 9162 section 2.1.1 leaf hash, hex. */
  readonly hash: string;
  readonly entry: AuditEntry;
}

/** A signed statement of the log's size and root (RFC 9162 section 4.10 in spirit; the note is our own JSON). */
export interface AuditCheckpoint {
  readonly size: number;
  readonly root: string;
  readonly at: number;
  /** Base64 Ed25519 signature over `kydai-audit-v1\n<size>\n<root>\n<at>\n`. */
  readonly signature: string;
}

/** The outcome of reading the whole log again. */
export interface AuditVerdict {
  readonly intact: boolean;
  readonly size: number;
  readonly root: string;
  readonly checkpoints: number;
  /** What is wrong and at which leaf; empty when intact. */
  readonly faults: readonly string[];
}
