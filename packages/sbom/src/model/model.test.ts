import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allComponents, type Bom } from './bom.ts';
import { dependencyGraph } from './graph.ts';
import { parseBom } from './read.ts';
import { readBom, validateBom, writeBom } from './validate.ts';

const minimal = { bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 } as const;

describe('reading a bill of materials', () => {
  it('loses nothing, not even fields that nobody knows', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (extra) => {
        const text = JSON.stringify({
          ...minimal,
          'x-extra': extra,
          components: [{ type: 'library', name: 'a', extra }],
        });
        expect(JSON.parse(writeBom(parseBom(text)))).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    ['nothing', '', '/not json/'],
    ['half a document', '{"bomFormat":"CycloneDX"', 'not json'],
    ['a list', '[]', '/ is not an object'],
    ['another format', '{"bomFormat":"SPDX"}', '/bomFormat'],
    ['a future version', '{"bomFormat":"CycloneDX","specVersion":"9.9"}', '/specVersion'],
    ['components that are no list', JSON.stringify({ ...minimal, components: {} }), '/components'],
    [
      'a component without a name',
      JSON.stringify({ ...minimal, components: [{ type: 'library' }] }),
      '/components/0/name',
    ],
    [
      'a version that is a number',
      JSON.stringify({ ...minimal, components: [{ name: 'a', version: 1 }] }),
      '/components/0/version',
    ],
    ['dependencies without a ref', JSON.stringify({ ...minimal, dependencies: [{}] }), '/dependencies/0/ref'],
  ])('refuses %s and names the place', (_what, text, place) => {
    const expected = place.replaceAll(/^\/|\/$/g, '');
    expect(() => parseBom(text)).toThrow(
      expect.objectContaining({ code: 'invalid-bom', message: expect.stringContaining(expected) }),
    );
  });

  it('refuses bytes that are no text', () => {
    expect(() => parseBom(new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]))).toThrow(
      expect.objectContaining({ code: 'invalid-bom' }),
    );
  });

  it('reads UTF-16 that says so, and a byte order mark', () => {
    const text = JSON.stringify(minimal);
    expect(parseBom(Buffer.from(`\ufeff${text}`, 'utf16le')).specVersion).toBe('1.6');
    expect(parseBom(Buffer.from(`\ufeff${text}`)).specVersion).toBe('1.6');
  });

  it('refuses components nested beyond reason instead of overflowing', () => {
    const open = '{"type":"library","name":"x","components":['.repeat(5000);
    const nested = `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[${open}${']}'.repeat(5000)}]}`;
    expect(() => parseBom(nested)).toThrow(expect.objectContaining({ code: 'invalid-bom' }));
    const brackets = `{"bomFormat":"CycloneDX","specVersion":"1.6","x":${'['.repeat(200_000)}`;
    expect(() => parseBom(brackets)).toThrow(expect.objectContaining({ code: 'invalid-bom' }));
  });

  it('refuses to write what nests beyond reason', async () => {
    const deep = `{"bomFormat":"CycloneDX","specVersion":"1.6","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const bom = parseBom(deep);
    expect(() => writeBom(bom)).toThrow(expect.objectContaining({ code: 'invalid-bom' }));
    await expect(readBom(deep)).rejects.toMatchObject({ code: 'invalid-bom' });
  });

  it('tells the official schema from ours', async () => {
    const wrong = { ...minimal, components: [{ type: 'nonsense', name: 'a' }] };
    expect(parseBom(JSON.stringify(wrong)).components).toHaveLength(1);
    await expect(readBom(JSON.stringify(wrong))).rejects.toMatchObject({ code: 'invalid-bom' });
    expect((await validateBom(wrong as Bom))[0]?.place).toBe('/components/0/type');
    expect(await validateBom(minimal as Bom)).toEqual([]);
  });
});

describe('the dependency graph', () => {
  const component = (name: string, more = {}) => ({ type: 'library', name, 'bom-ref': name, ...more });
  const bom = (
    dependencies: [string, string[]][],
    components = ['a', 'b', 'c'].map((name) => component(name)),
  ): Bom => ({
    ...minimal,
    metadata: { component: component('app') },
    components,
    dependencies: dependencies.map(([ref, dependsOn]) => ({ ref, dependsOn })),
  });

  it('finds the shortest path through a cycle', () => {
    const graph = dependencyGraph(
      bom([
        ['app', ['a']],
        ['a', ['b', 'c']],
        ['b', ['a', 'c']],
        ['c', ['a']],
      ]),
    );
    expect(graph.path('c')).toEqual(['a', 'c']);
    expect(graph.isDirect('a')).toBe(true);
    expect(graph.isDirect('b')).toBe(false);
  });

  it('counts what a member of the project depends on as direct', () => {
    const member = component('a', { properties: [{ name: 'kydai:first-party', value: 'true' }] });
    const graph = dependencyGraph(
      bom(
        [
          ['app', ['a']],
          ['a', ['b']],
        ],
        [member, component('b')],
      ),
    );
    expect(graph.isDirect('b')).toBe(true);
    expect(graph.path('b')).toEqual(['a', 'b']);
  });

  it('holds everything to be direct where the document says nothing', () => {
    const graph = dependencyGraph(bom([]));
    expect(graph.known).toBe(false);
    expect(graph.isDirect('b')).toBe(true);
    expect(graph.path('b')).toEqual([]);
  });

  it('walks nested components in document order', () => {
    const nested = bom([], [component('a', { components: [component('b')] }), component('c')]);
    expect(allComponents(nested).map((each) => each.name)).toEqual(['a', 'b', 'c']);
  });
});
