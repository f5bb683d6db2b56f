import { createHash } from 'node:crypto';
import { arrayOf, objectOf, stringOf } from '../extract/extraction.ts';
import { allComponents, type Bom, type BomComponent } from '../model/bom.ts';

const algorithms: ReadonlyMap<string, string> = new Map([
  ['MD5', 'MD5'],
  ['SHA-1', 'SHA1'],
  ['SHA-256', 'SHA256'],
  ['SHA-384', 'SHA384'],
  ['SHA-512', 'SHA512'],
]);

/**
 * An SPDX 2.3 JSON document of the components and their dependencies. `now` (epoch ms) is used where the document has
 * no timestamp of its own; the namespace is made from the content.
 */
export function writeSpdx(bom: Bom, now: number): string {
  const subject = bom.metadata?.component;
  const all = [...(subject === undefined ? [] : [subject]), ...allComponents(bom)];
  const ids = new Map<string, string>();
  const packages = all.map((each, index) => {
    const id = `SPDXRef-${index}-${each.name.replace(/[^A-Za-z0-9.-]+/g, '-').slice(0, 60)}`;
    if (each['bom-ref'] !== undefined) ids.set(each['bom-ref'], id);
    return toPackage(id, each);
  });
  const dependsOn = (bom.dependencies ?? []).flatMap(({ ref, dependsOn: targets }) =>
    (targets ?? []).flatMap((target) => {
      const from = ids.get(ref);
      const to = ids.get(target);
      return from === undefined || to === undefined ? [] : [relationship(from, 'DEPENDS_ON', to)];
    }),
  );
  const described = subject === undefined ? packages.map((each) => each.SPDXID) : [packages[0]!.SPDXID];
  const name = subject?.name ?? 'sbom';
  const digest = createHash('sha256')
    .update(JSON.stringify([packages, dependsOn]))
    .digest('hex');
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name,
    documentNamespace: `urn:kydai:spdx:${digest}`,
    creationInfo: {
      created: new Date(bom.metadata?.timestamp ?? now).toISOString().replace(/\.\d+Z$/, 'Z'),
      creators: ['Tool: kydai-sbom-0.1.0'],
    },
    packages,
    relationships: [
      ...described.map((id) => relationship('SPDXRef-DOCUMENT', 'DESCRIBES', id)),
      ...dependsOn,
    ],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function relationship(from: string, type: string, to: string) {
  return { spdxElementId: from, relationshipType: type, relatedSpdxElement: to };
}

function toPackage(id: string, each: BomComponent) {
  const name = each.group === undefined || each.group === '' ? each.name : `${each.group}/${each.name}`;
  const checksums = (each.hashes ?? []).flatMap((hash) => {
    const algorithm = algorithms.get(hash.alg);
    return algorithm === undefined ? [] : [{ algorithm, checksumValue: hash.content }];
  });
  return {
    SPDXID: id,
    name,
    ...(each.version === undefined ? {} : { versionInfo: each.version }),
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: licenseExpression(each),
    copyrightText: 'NOASSERTION',
    ...(checksums.length === 0 ? {} : { checksums }),
    ...(each.purl === undefined
      ? {}
      : {
          externalRefs: [
            { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: each.purl },
          ],
        }),
  };
}

/** Names outside the SPDX list would need texts that we do not have: then nothing is asserted. */
function licenseExpression(each: BomComponent): string {
  const terms = arrayOf(each.licenses).map((choice) => {
    const { expression, license } = objectOf(choice);
    return stringOf(expression) ?? stringOf(objectOf(license)['id']);
  });
  if (terms.length === 0 || terms.some((term) => term === undefined)) return 'NOASSERTION';
  return terms.length === 1
    ? terms[0]!
    : terms.map((term) => (/\s/.test(term!) ? `(${term})` : term)).join(' AND ');
}
