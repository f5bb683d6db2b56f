import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import {
  type AuditCheckpoint,
  type AuditLog,
  type AuditVerdict,
  CheckpointView,
  type Clock,
} from '@kydai/contracts';
import { verifyCheckpoint, verifyConsistency } from '@kydai/store';
import { z } from 'zod';
import { ShellError } from '../error.ts';

/** A checkpoint as it is exported: with the key that it is to be checked by. */
export const ExportedCheckpoint = z.object({ checkpoint: CheckpointView, publicKeyPem: z.string() });
export type ExportedCheckpoint = z.infer<typeof ExportedCheckpoint>;

/** A log without any checkpoint proves nothing once it is older than this: one is signed every five minutes. */
const provenWithin = 10 * 60_000;

export const notProven = 'not proven';

/**
 * Keeps the newest checkpoint in a file as well, outside of the database, and compares the log with it.
 *
 * INVARIANT: once a checkpoint was kept, a log that does not begin with the log that it was signed over never replaces
 * it: whoever rewrites the database and deletes its checkpoints is told by `verify`, at the next start too.
 */
export function keepCheckpoint(
  audit: AuditLog,
  parts: { readonly file: string; readonly publicKeyPem: string; readonly clock: Clock },
): AuditLog {
  const { file, publicKeyPem, clock } = parts;

  async function faultAgainst(size: number, root: string): Promise<string | undefined> {
    const kept = keptIn(file, publicKeyPem);
    if (kept === undefined || kept === 'damaged')
      return kept && `the kept checkpoint \`${file}\` is damaged or not signed by the audit key`;
    const what = `the kept checkpoint of ${kept.size} entries made at ${new Date(kept.at).toISOString()}`;
    if (kept.size > size) return `the log has ${size} entries and is shorter than ${what}`;
    if (kept.size === 0) return undefined;
    const proof = await audit.consistencyProof(kept.size, size);
    const holds = verifyConsistency(kept.size, size, proof, kept.root, root);
    return holds ? undefined : `the log does not begin with that of ${what}: it was rewritten`;
  }

  return {
    ...audit,
    async checkpoint() {
      const made = await audit.checkpoint();
      const fault = await faultAgainst(made.size, made.root);
      if (fault !== undefined) throw new ShellError('invalid', `the audit log is BROKEN: ${fault}`);
      const kept = JSON.stringify({ checkpoint: made, publicKeyPem } satisfies ExportedCheckpoint);
      writeFileSync(`${file}.new`, `${kept}\n`, { mode: 0o600, flush: true });
      renameSync(`${file}.new`, file);
      return made;
    },
    async verify(): Promise<AuditVerdict> {
      const verdict = await audit.verify();
      const faults = [...verdict.faults];
      const fault = await faultAgainst(verdict.size, verdict.root);
      if (fault !== undefined) faults.push(fault);
      if (verdict.checkpoints === 0 && faults.length === 0) {
        const [oldest] = await audit.entries(0, 1);
        if (oldest !== undefined && oldest.entry.at < clock.now() - provenWithin)
          faults.push(`${notProven}: no checkpoint was ever signed over this log`);
      }
      return { ...verdict, faults, intact: faults.length === 0 };
    },
  };
}

function keptIn(file: string, publicKeyPem: string): AuditCheckpoint | 'damaged' | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const { checkpoint } = ExportedCheckpoint.parse(JSON.parse(readFileSync(file, 'utf8')));
    return verifyCheckpoint(checkpoint, publicKeyPem) ? checkpoint : 'damaged';
  } catch {
    return 'damaged';
  }
}
