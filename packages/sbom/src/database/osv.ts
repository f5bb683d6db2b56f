import type { FindingSeverity } from '@kydai/contracts';
import { arrayOf, type JsonObject, objectOf, stringOf } from '../extract/extraction.ts';
import type { AdvisoryRange, AdvisoryRecord, AffectedPackage, RangeEvent } from './advisory.ts';
import { bestScore, rating, severityOfWord } from './severity.ts';

const maxText = 300;
const maxList = 200_000;

/**
 * Reads one record of the Open Source Vulnerability format, JSON or YAML already parsed.
 *
 * @returns undefined where it is no such record
 */
export function readOsv(value: JsonObject): AdvisoryRecord | undefined {
  const id = stringOf(value['id']);
  if (id === undefined || id.length > 200 || !Array.isArray(value['affected'])) return undefined;
  const list = value['affected'].slice(0, maxList).map(objectOf);
  const affected = list.flatMap((each) => readAffected(each) ?? []);
  const malicious = id.startsWith('MAL-');
  const { severity, score, vector } = severityOf(value, list, malicious);
  return {
    advisory: {
      id,
      aliases: strings(value['aliases']).filter((alias) => alias !== id),
      summary: summaryOf(value),
      severity,
      score,
      vector,
      knownExploited: false,
      malicious,
      modified: stringOf(value['modified']) ?? '',
      published: stringOf(value['published']) ?? '',
      url: urlOf(value),
    },
    affected,
    withdrawn: stringOf(value['withdrawn']) !== undefined,
  };
}

function readAffected(each: JsonObject): AffectedPackage | undefined {
  const named = objectOf(each['package']);
  const ecosystem = stringOf(named['ecosystem']);
  const name = stringOf(named['name']);
  if (ecosystem === undefined || name === undefined || name.length > 500) return undefined;
  const ranges: AdvisoryRange[] = [];
  let git = false;
  for (const value of arrayOf(each['ranges'])) {
    const range = objectOf(value);
    const type = range['type'];
    if (type === 'GIT') git = true;
    if (type !== 'SEMVER' && type !== 'ECOSYSTEM') continue;
    const events = arrayOf(range['events']).flatMap(readEvent);
    if (events.length > 0) ranges.push({ type, events });
  }
  const versions = strings(each['versions']);
  return { ecosystem, name, ranges, versions, gitOnly: git && ranges.length === 0 && versions.length === 0 };
}

const kinds = ['introduced', 'fixed', 'last_affected', 'limit'] as const;

function readEvent(value: unknown): RangeEvent[] {
  const event = objectOf(value);
  return kinds.flatMap((kind) => {
    const version = text(event[kind]);
    return version === undefined ? [] : [[kind, version] as const];
  });
}

function severityOf(
  value: JsonObject,
  affected: readonly JsonObject[],
  malicious: boolean,
): { severity: FindingSeverity; score: number | null; vector: string | null } {
  const lists = [value['severity'], ...affected.map((each) => each['severity'])];
  const vectors = lists.flatMap((list) =>
    arrayOf(list).flatMap((each) => stringOf(objectOf(each)['score']) ?? []),
  );
  const best = bestScore([...new Set(vectors)]);
  if (best !== undefined) {
    return { severity: malicious ? 'critical' : rating(best.score), score: best.score, vector: best.vector };
  }
  if (malicious) return { severity: 'critical', score: null, vector: null };
  // RustSec publishes notices, too, that name no vulnerability.
  const informational = affected.map((each) => objectOf(each['database_specific'])['informational']);
  if (
    informational.length > 0 &&
    informational.every((word) => word === 'unmaintained' || word === 'notice')
  ) {
    return { severity: 'none', score: null, vector: null };
  }
  const words = [value, ...affected].flatMap((each) => [
    objectOf(each['database_specific'])['severity'],
    objectOf(each['ecosystem_specific'])['severity'],
  ]);
  const severity = words.map(severityOfWord).find((each) => each !== 'unknown') ?? 'unknown';
  return { severity, score: null, vector: null };
}

function summaryOf(value: JsonObject): string {
  const source = stringOf(value['summary']) ?? stringOf(value['details']) ?? '';
  return oneLine(source);
}

/** The first lines as one, without control characters, cut at a bound. */
export function oneLine(source: string): string {
  const line = source
    .slice(0, maxText * 4)
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
  return line.length > maxText ? `${line.slice(0, maxText - 1).toWellFormed()}…` : line.toWellFormed();
}

function urlOf(value: JsonObject): string {
  const references = arrayOf(value['references']).map(objectOf);
  const advisory = references.find((each) => each['type'] === 'ADVISORY') ?? references[0];
  const url = stringOf(advisory?.['url']) ?? '';
  return /^https?:\/\//.test(url) ? url.slice(0, 500) : '';
}

function strings(value: unknown): readonly string[] {
  return arrayOf(value)
    .slice(0, maxList)
    .flatMap((each) => text(each) ?? []);
}

/** Versions as text; a number can only come from JSON that failed to quote it. */
function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  const found = stringOf(value);
  return found !== undefined && found.length <= 500 ? found : undefined;
}
