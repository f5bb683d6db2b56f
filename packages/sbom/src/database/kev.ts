import { arrayOf, type JsonObject, objectOf, stringOf } from '../extract/extraction.ts';

/** CISA's catalog of known exploited vulnerabilities, as it is published in JSON. */
export interface KnownExploited {
  readonly catalogVersion: string;
  readonly ids: readonly string[];
}

/** Undefined where the document is not that catalog. */
export function readKev(value: JsonObject): KnownExploited | undefined {
  const catalogVersion = stringOf(value['catalogVersion']);
  if (catalogVersion === undefined || !Array.isArray(value['vulnerabilities'])) return undefined;
  const ids = arrayOf(value['vulnerabilities']).flatMap((each) => stringOf(objectOf(each)['cveID']) ?? []);
  return { catalogVersion, ids };
}
