import { compareWithReference } from '@kydai/policy';
import type { SuiteOptions, SuiteResult } from './corpus.ts';

/**
 * Random schemas, policy sets, entities and requests, decided by our engine and by cedar-wasm. The first seed is the
 * day's unless `KYDAI_SEED` names one; `KYDAI_DECISIONS` (200,000 unless told) says how many.
 */
export async function run(_: SuiteOptions): Promise<SuiteResult> {
  const seed = Number(process.env['KYDAI_SEED'] ?? Math.floor(Date.now() / 86_400_000) * 100_000);
  const wanted = Number(process.env['KYDAI_DECISIONS'] ?? 200_000);
  const { decisions, determined, failing, differences } = compareWithReference(seed, wanted);
  console.log(
    `seed ${seed}: ${decisions} decisions, ${determined} determined, ${failing} with a failing policy`,
  );
  return {
    passed: decisions - differences.length,
    failed: differences.length,
    failures: differences.map(
      (each) => `seed ${each.seed}, request ${each.request}: ours ${each.ours}, reference ${each.reference}`,
    ),
  };
}
