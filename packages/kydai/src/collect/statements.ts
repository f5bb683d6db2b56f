import type { AuditLeaf, AuditLog } from '@kydai/contracts';

/** How far back in the audit log statements are looked for. */
const mostEntries = 100_000;
const page = 1000;

/**
 * The newest statements of a source's account in the audit log, newest first. A source whose account did not move has
 * none for that hour.
 */
export async function statementsOf(
  audit: AuditLog,
  source: string,
  limit: number,
): Promise<readonly AuditLeaf[]> {
  const found: AuditLeaf[] = [];
  const size = await audit.size();
  const last = Math.max(0, size - mostEntries);
  for (let end = size; end > last && found.length < limit; end -= page) {
    const from = Math.max(last, end - page);
    const leaves = await audit.entries(from, end - from);
    for (const leaf of leaves.toReversed()) {
      const { action, target } = leaf.entry;
      if (action === 'ledger.state' && target === `source:${source}` && found.length < limit)
        found.push(leaf);
    }
  }
  return found;
}
