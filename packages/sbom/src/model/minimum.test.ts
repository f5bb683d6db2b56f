import { describe, expect, it } from 'vitest';
import type { Bom } from './bom.ts';
import { licenceTerms } from './licence.ts';
import { missingElements } from './minimum.ts';

const complete: Bom = {
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  metadata: {
    timestamp: '2026-11-21T00:00:00Z',
    authors: [{ name: 'Lan' }],
    lifecycles: [{ phase: 'build' }],
    tools: { components: [{ type: 'application', name: 'x' }] },
  },
  components: [
    {
      type: 'library',
      'bom-ref': 'a',
      name: 'a',
      version: '1',
      purl: 'pkg:npm/a@1',
      supplier: { name: 's' },
      hashes: [{ alg: 'SHA-256', content: '00' }],
      licenses: [{ license: { id: 'MIT' } }],
    },
  ],
  dependencies: [{ ref: 'a' }],
};

describe('the minimum elements', () => {
  it('are all there in a complete document', () => {
    expect(missingElements(complete)).toEqual([]);
  });

  it('are named where one is missing anywhere', () => {
    const [component] = complete.components!;
    const { purl: _, supplier: __, ...poor } = component!;
    const bom = { ...complete, metadata: {}, components: [component!, { ...poor, 'bom-ref': 'b' }] };
    expect(missingElements(bom as Bom)).toEqual([
      'author',
      'cisa-generation-context',
      'cisa-tool',
      'dependency-relationship',
      'identifier',
      'supplier',
      'timestamp',
    ]);
  });
});

describe('licence terms', () => {
  const terms = (...expressions: string[]) =>
    licenceTerms(
      expressions.map((expression) => ({ type: 'library', name: 'x', licenses: [{ expression }] })),
    );
  it.each([
    ['MIT', ['MIT']],
    ['MIT AND Apache-2.0', ['Apache-2.0', 'MIT']],
    ['(MIT AND (BUSL-1.1))', ['BUSL-1.1', 'MIT']],
    ['MIT OR AGPL-3.0-only', ['MIT OR AGPL-3.0-only']],
    ['MIT AND (ISC OR SSPL-1.0) AND Zlib', ['ISC OR SSPL-1.0', 'MIT', 'Zlib']],
    ['GPL-2.0-only WITH Classpath-exception-2.0', ['GPL-2.0-only WITH Classpath-exception-2.0']],
    ['((((', ['((((']],
    [`${'('.repeat(2000)}MIT${')'.repeat(2000)}`, ['MIT']],
  ])('of %s', (expression, expected) => {
    expect(terms(expression)).toEqual(expected);
  });
  it('are taken from ids and names too', () => {
    const licenses = [{ license: { id: 'MIT' } }, { license: { name: 'Own' } }, 1, { license: 2 }];
    expect(licenceTerms([{ type: 'library', name: 'x', licenses }])).toEqual(['MIT', 'Own']);
  });
});
