import { SbomError } from '../error.ts';
import { arrayOf, isObject, type JsonObject, objectOf, stringOf } from '../extract/extraction.ts';

/** What we take from an SPDX document, of whatever version and form. */
export interface SpdxDocument {
  readonly name: string;
  readonly created: string;
  readonly packages: readonly SpdxPackage[];
  readonly relationships: readonly { readonly from: string; readonly type: string; readonly to: string }[];
  /** Ids of what the document is about. */
  readonly describes: readonly string[];
}

export interface SpdxPackage {
  readonly id: string;
  readonly name: string;
  readonly version: string | undefined;
  readonly purl: string | undefined;
  readonly license: string | undefined;
  readonly checksums: readonly { readonly algorithm: string; readonly value: string }[];
}

/** Reads SPDX 2.2 or 2.3 in JSON, or 3.0 in JSON-LD. @throws SbomError `invalid-bom` with the place */
export function readSpdxJson(value: JsonObject, shown: string): SpdxDocument {
  if (Array.isArray(value['@graph'])) return readGraph(value['@graph'].map(objectOf), shown);
  if (!/^SPDX-2\.[23]$/.test(stringOf(value['spdxVersion']) ?? '')) {
    throw new SbomError('invalid-bom', `\`${shown}\` /spdxVersion is not SPDX-2.2 or SPDX-2.3`);
  }
  const packages = arrayOf(value['packages']).map((each, index): SpdxPackage => {
    const entry = objectOf(each);
    const id = stringOf(entry['SPDXID']);
    const name = stringOf(entry['name']);
    if (id === undefined || name === undefined) {
      throw new SbomError('invalid-bom', `\`${shown}\` /packages/${index} has no SPDXID or no name`);
    }
    const references = arrayOf(entry['externalRefs']).map(objectOf);
    const purl = references.find((reference) => reference['referenceType'] === 'purl');
    return {
      id,
      name,
      version: stringOf(entry['versionInfo']),
      purl: stringOf(purl?.['referenceLocator']),
      license: licenseOf(entry['licenseConcluded']) ?? licenseOf(entry['licenseDeclared']),
      checksums: arrayOf(entry['checksums']).map((checksum) => ({
        algorithm: stringOf(objectOf(checksum)['algorithm']) ?? '',
        value: stringOf(objectOf(checksum)['checksumValue']) ?? '',
      })),
    };
  });
  const relationships = arrayOf(value['relationships']).map((each) => {
    const entry = objectOf(each);
    const text = (key: string) => stringOf(entry[key]) ?? '';
    return { from: text('spdxElementId'), type: text('relationshipType'), to: text('relatedSpdxElement') };
  });
  const described = relationships.filter((each) => each.type === 'DESCRIBES').map((each) => each.to);
  const listed = arrayOf(value['documentDescribes']).flatMap((each) => stringOf(each) ?? []);
  return {
    name: stringOf(value['name']) ?? '',
    created: stringOf(objectOf(value['creationInfo'])['created']) ?? '',
    packages,
    relationships,
    describes: [...new Set([...described, ...listed])],
  };
}

/** SPDX 3.0: elements side by side, told apart by type. */
function readGraph(elements: readonly JsonObject[], shown: string): SpdxDocument {
  const ofType = (type: string) => elements.filter((each) => each['type'] === type || each['@type'] === type);
  const idOf = (element: JsonObject) => stringOf(element['spdxId']) ?? stringOf(element['@id']) ?? '';
  const [document] = ofType('SpdxDocument');
  if (document === undefined) throw new SbomError('invalid-bom', `\`${shown}\` /@graph has no SpdxDocument`);
  const packages = ofType('software_Package').map((each): SpdxPackage => {
    const identifiers = arrayOf(each['externalIdentifier']).map(objectOf);
    const identifier = identifiers.find((one) => one['externalIdentifierType'] === 'packageUrl');
    return {
      id: idOf(each),
      name: stringOf(each['name']) ?? '',
      version: stringOf(each['software_packageVersion']),
      purl: stringOf(each['software_packageUrl']) ?? stringOf(identifier?.['identifier']),
      license: undefined,
      checksums: arrayOf(each['verifiedUsing']).map((one) => ({
        algorithm: (stringOf(objectOf(one)['algorithm']) ?? '').toUpperCase(),
        value: stringOf(objectOf(one)['hashValue']) ?? '',
      })),
    };
  });
  const relationships = [...ofType('Relationship'), ...ofType('LifecycleScopedRelationship')].flatMap(
    (each) => {
      const type = (stringOf(each['relationshipType']) ?? '').replace(/[A-Z]/g, '_$&').toUpperCase();
      const targets = [each['to']].flat().flatMap((to) => stringOf(to) ?? []);
      return targets.map((to) => ({ from: stringOf(each['from']) ?? '', type, to }));
    },
  );
  const roots = [...ofType('software_Sbom'), document].flatMap((each) => [each['rootElement']].flat());
  const known = new Set(packages.map((each) => each.id));
  return {
    name: stringOf(document['name']) ?? '',
    created:
      stringOf(elements.find((each) => isObject(each) && each['type'] === 'CreationInfo')?.['created']) ?? '',
    packages,
    relationships,
    describes: roots.flatMap((each) => (typeof each === 'string' && known.has(each) ? [each] : [])),
  };
}

/** Reads the tag-value form of SPDX 2.2 and 2.3. @throws SbomError `invalid-bom` with the line */
export function readSpdxTags(text: string, shown: string): SpdxDocument {
  interface Open {
    id: string;
    name: string;
    version?: string;
    purl?: string;
    license?: string;
    checksums: { algorithm: string; value: string }[];
  }
  const packages: Open[] = [];
  const relationships: { from: string; type: string; to: string }[] = [];
  let name = '';
  let created = '';
  let current: Open | undefined;
  let inPackage = false;
  const lines = text
    .replace(/<text>[\s\S]*?<\/text>/g, (block) => block.replace(/\n[^\n]*/g, '\n'))
    .split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    const match = /^([A-Za-z][A-Za-z0-9]*):\s*(.*)$/.exec(line);
    if (match === null) {
      if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
      throw new SbomError('invalid-bom', `\`${shown}\` line ${index + 1} is no tag with a value`);
    }
    const [, tag, rest = ''] = match;
    const value = rest.trim();
    if (tag === 'PackageName') {
      current = { id: '', name: value, checksums: [] };
      packages.push(current);
      inPackage = true;
    } else if (tag === 'FileName' || tag === 'SnippetSPDXID' || tag === 'LicenseID') inPackage = false;
    else if (tag === 'DocumentName') name = value;
    else if (tag === 'Created') created = value;
    else if (tag === 'Relationship') {
      const [from = '', type = '', to = ''] = value.split(/\s+/);
      relationships.push({ from, type, to });
    } else if (current !== undefined && inPackage) readPackageTag(current, tag!, value);
  }
  return {
    name,
    created,
    packages: packages.map(({ id, version, purl, license, ...each }) => ({
      ...each,
      id: id || each.name,
      version,
      purl,
      license: licenseOf(license),
    })),
    relationships,
    describes: relationships.filter((each) => each.type === 'DESCRIBES').map((each) => each.to),
  };
}

function readPackageTag(
  current: {
    id: string;
    version?: string;
    purl?: string;
    license?: string;
    checksums: { algorithm: string; value: string }[];
  },
  tag: string,
  value: string,
): void {
  if (tag === 'SPDXID') current.id = value;
  else if (tag === 'PackageVersion') current.version = value;
  else if (tag === 'PackageLicenseConcluded' && licenseOf(value) !== undefined) current.license = value;
  else if (tag === 'PackageLicenseDeclared') current.license ??= value;
  else if (tag === 'PackageChecksum') {
    const [algorithm = '', digest = ''] = value.split(/:\s*/);
    current.checksums.push({ algorithm, value: digest });
  } else if (tag === 'ExternalRef') {
    const [, type, locator] = value.split(/\s+/);
    if (type === 'purl' && locator !== undefined) current.purl = locator;
  }
}

/** SPDX has words for saying nothing. */
function licenseOf(value: unknown): string | undefined {
  const text = stringOf(value);
  return text === undefined || text === 'NOASSERTION' || text === 'NONE' ? undefined : text;
}
