import type { FindingSeverity } from '@kydai/contracts';

/**
 * One boundary of a range: `introduced`, `fixed`, `last_affected` or `limit` (OSV schema 1.7, `affected[].ranges`), and
 * `introduced_after`, which is ours, for sources that exclude the version itself.
 */
export type RangeEvent = readonly [
  kind: 'introduced' | 'introduced_after' | 'fixed' | 'last_affected' | 'limit',
  version: string,
];

export interface AdvisoryRange {
  readonly type: 'SEMVER' | 'ECOSYSTEM';
  readonly events: readonly RangeEvent[];
}

/** What an advisory says of one package. */
export interface AffectedPackage {
  /** OSV's name, with its release: `npm`, `Debian:12`. */
  readonly ecosystem: string;
  readonly name: string;
  readonly ranges: readonly AdvisoryRange[];
  readonly versions: readonly string[];
  /** Only commits are named, so that no version can be judged. */
  readonly gitOnly: boolean;
}

/** An advisory, reduced to what decisions and people need. */
export interface Advisory {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly severity: FindingSeverity;
  /** CVSS base score; null where no vector could be computed. */
  readonly score: number | null;
  readonly vector: string | null;
  readonly knownExploited: boolean;
  readonly malicious: boolean;
  /** EPSS probability, 0 to 1; absent where none was imported. */
  readonly epss?: number;
  /** RFC 3339; empty where the source does not say. */
  readonly modified: string;
  readonly published: string;
  readonly url: string;
}

/** A record as read from a source. */
export interface AdvisoryRecord {
  readonly advisory: Advisory;
  readonly affected: readonly AffectedPackage[];
  readonly withdrawn: boolean;
}

/** The most severe first. */
export const severityOrder: readonly FindingSeverity[] = [
  'critical',
  'high',
  'medium',
  'low',
  'unknown',
  'none',
];
