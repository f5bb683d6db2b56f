import type { AdvisoryRange, AffectedPackage, RangeEvent } from '../database/advisory.ts';
import type { VersionScheme } from '../versions/index.ts';
import { semver } from '../versions/semver.ts';

/** Whether a version is affected, and by what. */
export interface RangeVerdict {
  readonly affected: boolean;
  /** The range or list entry that matched, as people write it; empty where nothing did. */
  readonly range: string;
  readonly comparator: string;
  /** `fixed` versions of the ranges, in order. */
  readonly fixed: readonly string[];
}

/**
 * The evaluation that the OSV schema describes ("Evaluation"): a version is affected when it is listed, or when the last
 * event at or before it opened a range.
 */
export function evaluate(version: string, affected: AffectedPackage, scheme: VersionScheme): RangeVerdict {
  const fixed = affected.ranges.flatMap((range) =>
    range.events.flatMap(([kind, at]) => (kind === 'fixed' ? at : [])),
  );
  for (const range of affected.ranges) {
    const comparator = range.type === 'SEMVER' ? semver : scheme;
    const interval = matchRange(version, range, comparator);
    if (interval !== undefined)
      return { affected: true, range: interval, comparator: comparator.name, fixed };
  }
  if (isListed(version, affected.versions, scheme)) {
    return { affected: true, range: `listed: ${version}`, comparator: scheme.name, fixed };
  }
  return { affected: false, range: '', comparator: scheme.name, fixed };
}

function isListed(version: string, versions: readonly string[], scheme: VersionScheme): boolean {
  if (versions.includes(version)) return true;
  // `1.0` and `1.0.0` are one version in most schemes; text that is no version equals only itself.
  return versions.some((each) => scheme.compare(each, version) === 0 && scheme.valid(each));
}

/** The interval of the range that holds the version, as `>=a <b`; undefined where none does. */
function matchRange(version: string, range: AdvisoryRange, scheme: VersionScheme): string | undefined {
  const limits = range.events.filter(([kind]) => kind === 'limit');
  if (limits.length > 0 && !limits.some(([, at]) => at === '*' || scheme.compare(version, at) < 0))
    return undefined;
  // The sort is stable: events at one version keep the order that the record gives them.
  const events = range.events
    .filter(([kind]) => kind !== 'limit')
    .toSorted((a, b) => compareEvents(a, b, scheme));
  let open: string | undefined;
  let close = '';
  for (const [kind, at] of events) {
    const order = at === '0' ? 1 : scheme.compare(version, at);
    if ((kind === 'introduced' && order >= 0) || (kind === 'introduced_after' && order > 0)) {
      open = kind === 'introduced' ? `>=${at}` : `>${at}`;
      close = '';
    } else if (kind === 'fixed' && order >= 0) open = undefined;
    else if (kind === 'last_affected' && order > 0) open = undefined;
    else if (open !== undefined && close === '') {
      if (kind === 'fixed') close = ` <${at}`;
      if (kind === 'last_affected') close = ` <=${at}`;
    }
  }
  return open === undefined ? undefined : `${open}${close}`;
}

function compareEvents(a: RangeEvent, b: RangeEvent, scheme: VersionScheme): number {
  if (a[1] === b[1]) return 0;
  // "0" stands before every version, whatever the scheme.
  if (a[1] === '0') return -1;
  if (b[1] === '0') return 1;
  return scheme.compare(a[1], b[1]);
}
