import type { FindingSeverity } from '@kydai/contracts';
import cvss from 'ae-cvss-calculator';

/** The qualitative rating of a base score (CVSS v3.1 section 5, v4.0 section 6). */
export function rating(score: number): FindingSeverity {
  if (score >= 9) return 'critical';
  if (score >= 7) return 'high';
  if (score >= 4) return 'medium';
  return score > 0 ? 'low' : 'none';
}

/** The base score of a CVSS vector of version 2, 3.0, 3.1 or 4.0; undefined for text that is none. */
export function baseScore(vector: string): number | undefined {
  if (scores.has(vector)) return scores.get(vector);
  const score = computeScore(vector);
  if (scores.size < 100_000) scores.set(vector, score);
  return score;
}

/** Advisories share a few thousand vectors. */
const scores = new Map<string, number | undefined>();

function computeScore(vector: string): number | undefined {
  if (vector.length > 400 || !/^(CVSS:[234]\.\d\/)?[A-Za-z]{1,3}:[A-Za-z]/.test(vector)) return undefined;
  try {
    const parsed = cvss.fromVector(vector);
    if (parsed === null || parsed === undefined || !parsed.isBaseFullyDefined()) return undefined;
    const scores = parsed.calculateScores() as { base?: number; overall?: number };
    // CVSS 4 has one score; for the others the base score is what the advisory states.
    const score = scores.base ?? scores.overall;
    return typeof score === 'number' && score >= 0 && score <= 10 ? score : undefined;
  } catch {
    return undefined;
  }
}

/** Prefers the newest version of CVSS that can be computed. */
export function bestScore(vectors: readonly string[]): { score: number; vector: string } | undefined {
  const order = ['CVSS:4', 'CVSS:3.1', 'CVSS:3.0', ''];
  for (const prefix of order) {
    for (const vector of vectors) {
      if (!vector.startsWith(prefix)) continue;
      const score = baseScore(vector);
      if (score !== undefined) return { score, vector };
    }
  }
  return undefined;
}

const words: ReadonlyMap<string, FindingSeverity> = new Map([
  ['critical', 'critical'],
  ['high', 'high'],
  ['important', 'high'],
  ['moderate', 'medium'],
  ['medium', 'medium'],
  ['low', 'low'],
  ['negligible', 'low'],
]);

/** A database's own word, for advisories without a vector. */
export function severityOfWord(word: unknown): FindingSeverity {
  return (typeof word === 'string' ? words.get(word.toLowerCase()) : undefined) ?? 'unknown';
}
