import { describe, expect, it } from 'vitest';
import type { Bom } from '../model/bom.ts';
import { dependencyGraph } from '../model/graph.ts';
import { parseAnyBom, validateBom } from '../model/validate.ts';
import { writeSpdx } from './from-cyclonedx.ts';

const bom: Bom = {
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  version: 1,
  metadata: {
    timestamp: '2026-01-01T00:00:00.000Z',
    component: { type: 'application', 'bom-ref': 'app', name: 'portal', version: '1' },
  },
  components: [
    {
      type: 'library',
      'bom-ref': 'a',
      name: 'a',
      version: '1.10',
      purl: 'pkg:npm/a@1.10',
      licenses: [{ license: { id: 'MIT' } }],
      hashes: [{ alg: 'SHA-1', content: '0'.repeat(40) }],
    },
    {
      type: 'library',
      'bom-ref': 'b',
      name: 'b',
      version: '2.0',
      purl: 'pkg:npm/b@2.0',
      licenses: [{ license: { name: 'Own words' } }],
    },
  ],
  dependencies: [
    { ref: 'app', dependsOn: ['a'] },
    { ref: 'a', dependsOn: ['b'] },
  ],
};

const facts = (document: Bom) => {
  const graph = dependencyGraph(document);
  return document.components?.map((each) => [
    each.name,
    each.version,
    each.purl,
    graph.isDirect(each['bom-ref']!),
    graph.path(each['bom-ref']!).length,
  ]);
};

describe('SPDX', () => {
  it('2.3 that we write says what the document said, and comes back valid', async () => {
    const back = await parseAnyBom(writeSpdx(bom, 0));
    expect(await validateBom(back)).toEqual([]);
    expect(facts(back)).toEqual(facts(bom));
    expect(back.metadata?.component).toMatchObject({ name: 'portal', version: '1' });
    expect(back.components?.[0]).toMatchObject({
      licenses: [{ license: { id: 'MIT' } }],
      hashes: [{ alg: 'SHA-1' }],
    });
    expect(writeSpdx(bom, 0)).toBe(writeSpdx(bom, 99));
  });

  it('2.3 tag-value is read', async () => {
    const text = `SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
DocumentName: portal
SPDXID: SPDXRef-DOCUMENT
Created: 2026-01-01T00:00:00Z
DocumentComment: <text>two
lines</text>
## Packages
PackageName: portal
SPDXID: SPDXRef-app
PackageName: a
SPDXID: SPDXRef-a
PackageVersion: 1.10
PackageLicenseConcluded: NOASSERTION
PackageLicenseDeclared: MIT
ExternalRef: PACKAGE-MANAGER purl pkg:npm/a@1.10
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-app
Relationship: SPDXRef-a DEPENDENCY_OF SPDXRef-app
`;
    const document = await parseAnyBom(text);
    expect(await validateBom(document)).toEqual([]);
    expect(facts(document)).toEqual([['a', '1.10', 'pkg:npm/a@1.10', true, 1]]);
    await expect(parseAnyBom(`${text}nonsense`)).rejects.toMatchObject({
      code: 'invalid-bom',
      message: expect.stringContaining('line 19'),
    });
  });

  it('3.0 JSON-LD is read', async () => {
    const document = await parseAnyBom(
      JSON.stringify({
        '@context': 'https://spdx.org/rdf/3.0.1/spdx-context.jsonld',
        '@graph': [
          { type: 'SpdxDocument', spdxId: 'doc', name: 'portal', rootElement: ['sbom'] },
          { type: 'software_Sbom', spdxId: 'sbom', rootElement: ['app'] },
          { type: 'software_Package', spdxId: 'app', name: 'portal' },
          {
            type: 'software_Package',
            spdxId: 'a',
            name: 'a',
            software_packageVersion: '1.10',
            software_packageUrl: 'pkg:npm/a@1.10',
          },
          { type: 'Relationship', from: 'app', relationshipType: 'dependsOn', to: ['a'] },
        ],
      }),
    );
    expect(facts(document)).toEqual([['a', '1.10', 'pkg:npm/a@1.10', true, 1]]);
  });

  it.each([
    ['another version', '{"spdxVersion":"SPDX-9"}'],
    ['a package without a name', '{"spdxVersion":"SPDX-2.3","packages":[{}]}'],
    ['a graph without a document', '{"@graph":[]}'],
  ])('with %s is refused with the place', async (_what, text) => {
    await expect(parseAnyBom(text)).rejects.toMatchObject({
      code: 'invalid-bom',
      message: expect.stringContaining(' /'),
    });
  });
});
