import { parse as parseYaml } from 'yaml';
import { arrayOf, isObject, type JsonObject } from '../extract/extraction.ts';
import { decodeText } from '../extract/text.ts';
import type { AdvisoryRecord } from './advisory.ts';
import { type ExploitPrediction, readEpss } from './epss.ts';
import { type KnownExploited, readKev } from './kev.ts';
import { readNative } from './native.ts';
import { readOsv } from './osv.ts';
import type { SourceDocument } from './sources.ts';

/** What a document turned out to be. */
export type Parsed =
  | { readonly kind: 'advisories'; readonly records: readonly AdvisoryRecord[]; readonly unreadable: number }
  | { readonly kind: 'known-exploited'; readonly catalog: KnownExploited }
  | { readonly kind: 'exploit-prediction'; readonly prediction: ExploitPrediction }
  | { readonly kind: 'other' };

/** Reads a document of any supported kind. Throws on text that is neither JSON nor YAML. */
export function parseDocument(source: SourceDocument): Parsed {
  const text = decodeText(source.bytes, source.name);
  if (/\.csv(\.gz)?$/i.test(source.name)) {
    const prediction = readEpss(text);
    return prediction === undefined ? { kind: 'other' } : { kind: 'exploit-prediction', prediction };
  }
  const value: unknown = /\.ya?ml$/i.test(source.name)
    ? // The failsafe schema keeps every scalar as it is written: `fixed: 1.10` stays 1.10.
      parseYaml(text, { schema: 'failsafe', maxAliasCount: 100, logLevel: 'error' })
    : JSON.parse(text);
  if (Array.isArray(value)) return advisories(value);
  if (!isObject(value)) return { kind: 'other' };
  const catalog = readKev(value);
  if (catalog !== undefined) return { kind: 'known-exploited', catalog };
  if (Array.isArray(value['vulns'])) return advisories(arrayOf(value['vulns']));
  const record = readRecord(value, source.name);
  return record === undefined ? { kind: 'other' } : { kind: 'advisories', records: [record], unreadable: 0 };
}

function advisories(list: readonly unknown[]): Parsed {
  const records = list.flatMap((each) => (isObject(each) ? (readOsv(each) ?? []) : []));
  return { kind: 'advisories', records, unreadable: list.length - records.length };
}

function readRecord(value: JsonObject, name: string): AdvisoryRecord | undefined {
  return readOsv(value) ?? readNative(value, name);
}
