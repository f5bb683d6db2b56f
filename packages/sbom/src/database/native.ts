import { arrayOf, type JsonObject, objectOf, stringOf } from '../extract/extraction.ts';
import { packagist } from '../versions/packagist.ts';
import { rubygems } from '../versions/rubygems.ts';
import type { AdvisoryRecord, AffectedPackage } from './advisory.ts';
import { complement, type Interval, parseRequirement, toRange } from './interval.ts';
import { oneLine } from './osv.ts';
import { bestScore, rating } from './severity.ts';

/** Reads the formats that communities keep their advisories in besides OSV; `name` is the document's. */
export function readNative(value: JsonObject, name: string): AdvisoryRecord | undefined {
  return readRubySec(value, name) ?? readFriendsOfPhp(value, name);
}

/**
 * A record of the Ruby Advisory Database: what is neither patched nor unaffected is affected. Undefined where a
 * requirement cannot be read: then nothing at all may be concluded from it.
 */
function readRubySec(value: JsonObject, name: string): AdvisoryRecord | undefined {
  const gem = stringOf(value['gem']);
  if (gem === undefined) return undefined;
  const safe: Interval[] = [];
  for (const requirement of [
    ...arrayOf(value['patched_versions']),
    ...arrayOf(value['unaffected_versions']),
  ]) {
    const interval = parseRequirement(String(requirement), rubygems);
    if (interval === undefined) return undefined;
    safe.push(interval);
  }
  const vectors = ['cvss_v4', 'cvss_v3', 'cvss_v2'].flatMap((key) => stringOf(value[key]) ?? []);
  const number = vectors.map(Number).find((score) => score >= 0 && score <= 10);
  const best = bestScore(vectors);
  const score = best?.score ?? number ?? null;
  const aliases = [
    ...prefixed('CVE-', value['cve']),
    ...prefixed('GHSA-', value['ghsa']),
    ...prefixed('OSVDB-', value['osvdb']),
  ];
  return record(name, 'rubysec', aliases, value, {
    severity: score === null ? 'unknown' : rating(score),
    score,
    vector: best?.vector ?? null,
    affected: [affected('RubyGems', gem, complement(safe, rubygems))],
    url: stringOf(value['url']) ?? '',
    date: stringOf(value['date']) ?? '',
  });
}

/** A record of FriendsOfPHP/security-advisories: each branch names the versions that are affected. */
function readFriendsOfPhp(value: JsonObject, name: string): AdvisoryRecord | undefined {
  const reference = /^composer:\/\/(.+)$/.exec(stringOf(value['reference']) ?? '')?.[1];
  if (reference === undefined) return undefined;
  const intervals: Interval[] = [];
  const branches = Object.values(objectOf(value['branches'])).map(objectOf);
  for (const branch of branches) {
    const interval = parseRequirement(arrayOf(branch['versions']).join(','), packagist);
    if (interval === undefined) return undefined;
    intervals.push(interval);
  }
  const times = branches
    .flatMap((branch) => stringOf(branch['time']) ?? [])
    .filter((time) => /^\d{4}-/.test(time));
  return record(name, 'friendsofphp', prefixed('', value['cve']), value, {
    severity: 'unknown',
    score: null,
    vector: null,
    affected: [affected('Packagist', reference, intervals)],
    url: stringOf(value['link']) ?? '',
    date: times.toSorted().at(-1) ?? '',
  });
}

interface Parts {
  readonly severity: AdvisoryRecord['advisory']['severity'];
  readonly score: number | null;
  readonly vector: string | null;
  readonly affected: readonly AffectedPackage[];
  readonly url: string;
  readonly date: string;
}

function record(
  name: string,
  source: string,
  aliases: readonly string[],
  value: JsonObject,
  parts: Parts,
): AdvisoryRecord {
  // The file's own path is the only identity that these records have.
  const path = name.slice(name.lastIndexOf(':') + 1).replace(/\.ya?ml$/i, '');
  const { affected: packages, url, date, ...judgement } = parts;
  return {
    advisory: {
      id: `${source}/${path
        .split('/')
        .slice(-3)
        .join('/')
        .replace(/^gems\//, '')}`,
      aliases,
      summary: oneLine(stringOf(value['title']) ?? stringOf(value['description']) ?? ''),
      ...judgement,
      knownExploited: false,
      malicious: false,
      modified: date.slice(0, 10),
      published: date.slice(0, 10),
      url: /^https?:\/\//.test(url) ? url.slice(0, 500) : '',
    },
    affected: packages,
    withdrawn: false,
  };
}

function affected(ecosystem: string, name: string, intervals: readonly Interval[]): AffectedPackage {
  return { ecosystem, name, ranges: intervals.map(toRange), versions: [], gitOnly: false };
}

/** The id with its prefix; none for YAML's ways of saying nothing. */
function prefixed(prefix: string, value: unknown): readonly string[] {
  const text = stringOf(value);
  return text === undefined || text === '~' || text === 'null'
    ? []
    : [text.startsWith(prefix) ? text : prefix + text];
}
