import { SbomError } from '../error.ts';
import { arrayOf, isObject, type JsonObject, objectOf, stringOf } from '../extract/extraction.ts';

/** One finding of another scanner. */
export interface Opinion {
  readonly scanner: 'grype' | 'trivy' | 'osv-scanner';
  /** The id and its aliases. */
  readonly ids: readonly string[];
  readonly name: string;
  readonly version: string;
  /** Empty where the scanner gives none. */
  readonly purl: string;
}

/** Reads a report of Grype, Trivy or OSV-Scanner, in their JSON. @throws SbomError `invalid-opinion` */
export function readOpinions(text: string, shown: string): readonly Opinion[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SbomError('invalid-opinion', `\`${shown}\` is not json: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (isObject(value) && Array.isArray(value['matches'])) return value['matches'].map(ofGrype);
  if (isObject(value) && ('ArtifactName' in value || Array.isArray(value['Results'])))
    return arrayOf(value['Results']).flatMap(ofTrivy);
  if (isObject(value) && Array.isArray(value['results'])) return value['results'].flatMap(ofOsvScanner);
  throw new SbomError('invalid-opinion', `\`${shown}\` is no report of grype, trivy or osv-scanner`);
}

function ofGrype(value: unknown): Opinion {
  const match = objectOf(value);
  const artifact = objectOf(match['artifact']);
  const related = arrayOf(match['relatedVulnerabilities']).map((each) => objectOf(each)['id']);
  return opinion(
    'grype',
    [objectOf(match['vulnerability'])['id'], ...related],
    artifact['name'],
    artifact['version'],
    artifact['purl'],
  );
}

function ofTrivy(value: unknown): readonly Opinion[] {
  return arrayOf(objectOf(value)['Vulnerabilities']).map((each) => {
    const found = objectOf(each);
    const purl = objectOf(found['PkgIdentifier'])['PURL'];
    const ids = [found['VulnerabilityID'], ...arrayOf(found['VendorIDs'])];
    return opinion('trivy', ids, found['PkgName'], found['InstalledVersion'], purl);
  });
}

function ofOsvScanner(value: unknown): readonly Opinion[] {
  return arrayOf(objectOf(value)['packages']).flatMap((each) => {
    const entry = objectOf(each);
    const about: JsonObject = objectOf(entry['package']);
    return arrayOf(entry['vulnerabilities']).map((record) => {
      const { id, aliases } = objectOf(record);
      return opinion('osv-scanner', [id, ...arrayOf(aliases)], about['name'], about['version'], undefined);
    });
  });
}

function opinion(
  scanner: Opinion['scanner'],
  ids: readonly unknown[],
  name: unknown,
  version: unknown,
  purl: unknown,
): Opinion {
  return {
    scanner,
    ids: [...new Set(ids.flatMap((id) => stringOf(id) ?? []))],
    name: stringOf(name) ?? '',
    version: stringOf(version) ?? '',
    purl: stringOf(purl) ?? '',
  };
}
