import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dependencyGraph } from '../model/graph.ts';
import { validateBom } from '../model/validate.ts';
import { temporaryFolder } from '../testing.ts';
import { generateSbom } from './generate.ts';
import { integrityHashes } from './npm.ts';

const clock = { now: () => Date.UTC(2026, 0, 1) };

async function generate(files: Record<string, unknown>) {
  using folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder.path, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  }
  return await generateSbom(folder.path, { clock });
}

const v3 = {
  name: 'portal',
  version: '1.2.0',
  lockfileVersion: 3,
  packages: {
    '': {
      name: 'portal',
      version: '1.2.0',
      dependencies: { a: '^1', '@s/b': '1' },
      devDependencies: { t: '1' },
      workspaces: ['apps/*'],
    },
    'node_modules/a': {
      version: '1.0.0',
      license: 'MIT',
      dependencies: { c: '1' },
      integrity: `sha512-${Buffer.alloc(64, 1).toString('base64')}`,
    },
    'node_modules/@s/b': { version: '2.0.0', license: '(MIT OR Apache-2.0)', dependencies: { c: '2' } },
    'node_modules/@s/b/node_modules/c': { version: '2.0.0', license: 'Custom words' },
    'node_modules/c': { version: '1.0.0', optional: true },
    'node_modules/t': { version: '3.0.0', dev: true },
    'node_modules/alias': { name: 'real', version: '1.1.1' },
    'node_modules/member': { resolved: 'apps/member', link: true },
    'apps/member': { version: '0.1.0', dependencies: { a: '*' }, devDependencies: { alias: '*' } },
  },
};

describe('npm lockfiles', () => {
  it('become a document that the official schema accepts', async () => {
    const { bom, notRead } = await generate({ 'package-lock.json': v3 });
    expect(await validateBom(bom)).toEqual([]);
    expect(notRead).toEqual([]);
    expect(bom.metadata?.component).toMatchObject({ name: 'portal', version: '1.2.0' });
  });

  it('keep the graph, with the copy that node would load', async () => {
    const { bom } = await generate({ 'package-lock.json': v3 });
    const graph = dependencyGraph(bom);
    expect(graph.path('pkg:npm/c@2.0.0')).toEqual(['pkg:npm/%40s/b@2.0.0', 'pkg:npm/c@2.0.0']);
    expect(graph.path('pkg:npm/c@1.0.0')).toEqual(['pkg:npm/a@1.0.0', 'pkg:npm/c@1.0.0']);
    expect(graph.isDirect('pkg:npm/real@1.1.1')).toBe(true);
    expect(graph.isDirect('pkg:npm/c@1.0.0')).toBe(false);
  });

  it('keep licences, integrity, scope and flags', async () => {
    const { bom } = await generate({ 'package-lock.json': v3 });
    const find = (purl: string) => bom.components?.find((each) => each.purl === purl);
    expect(find('pkg:npm/a@1.0.0')?.licenses).toEqual([
      { license: { id: 'MIT', acknowledgement: 'declared' } },
    ]);
    expect(find('pkg:npm/a@1.0.0')?.hashes).toEqual([{ alg: 'SHA-512', content: '01'.repeat(64) }]);
    expect(find('pkg:npm/%40s/b@2.0.0')?.licenses).toEqual([
      { expression: '(MIT OR Apache-2.0)', acknowledgement: 'declared' },
    ]);
    expect(find('pkg:npm/c@2.0.0')?.licenses).toEqual([
      { license: { name: 'Custom words', acknowledgement: 'declared' } },
    ]);
    expect(find('pkg:npm/c@1.0.0')?.scope).toBe('optional');
    expect(find('pkg:npm/t@3.0.0')?.properties).toContainEqual({
      name: 'cdx:npm:package:development',
      value: 'true',
    });
    expect(bom.components?.filter((each) => each.type === 'application').map((each) => each.name)).toEqual([
      'member',
    ]);
  });

  it('of version 1 are read by their tree', async () => {
    const lock = {
      name: 'old',
      version: '1.0.0',
      lockfileVersion: 1,
      dependencies: {
        a: { version: '1.0.0', requires: { c: '^2' }, dependencies: { c: { version: '2.0.0' } } },
        c: { version: '1.0.0', dev: true },
        z: { version: 'npm:real-z@4.5.6' },
      },
    };
    const { bom } = await generate({
      'package-lock.json': lock,
      'package.json': { dependencies: { a: '1', z: '1' } },
    });
    expect(await validateBom(bom)).toEqual([]);
    expect(bom.components?.map((each) => each.purl)).toEqual([
      'pkg:npm/a@1.0.0',
      'pkg:npm/c@1.0.0',
      'pkg:npm/c@2.0.0',
      'pkg:npm/real-z@4.5.6',
    ]);
    const graph = dependencyGraph(bom);
    expect(graph.path('pkg:npm/c@2.0.0')).toEqual(['pkg:npm/a@1.0.0', 'pkg:npm/c@2.0.0']);
    expect(graph.isDirect('pkg:npm/c@1.0.0')).toBe(false);
  });

  it('give the same document every time', async () => {
    const once = await generate({ 'package-lock.json': v3 });
    const shuffled = { ...v3, packages: Object.fromEntries(Object.entries(v3.packages).toReversed()) };
    const again = await generate({ 'package-lock.json': shuffled });
    expect(again.bom).toEqual(once.bom);
  });

  it('that cannot be read are reported as failed, never passed over', async () => {
    for (const content of ['', '{"lockfileVersion":3', '[]', '{}', '{"packages":[]}']) {
      const { bom, notRead } = await generate({ 'package-lock.json': content });
      expect(bom.components).toEqual([]);
      expect(notRead).toEqual([expect.objectContaining({ path: 'package-lock.json', failed: true })]);
    }
  });

  it('with names that are poison do no harm', async () => {
    const packages = {
      '': {},
      'node_modules/__proto__': { version: '1.0.0', dependencies: { constructor: '1' } },
      'node_modules/../../etc': { version: '1' },
    };
    const text = JSON.stringify({ lockfileVersion: 3, packages })
      .replace('"node_modules/__proto__"', '"node_modules/__proto__","__proto__"')
      .replace(',"__proto__"', '');
    const { bom } = await generate({ 'package-lock.json': text });
    expect(({} as Record<string, unknown>)['version']).toBeUndefined();
    expect(await validateBom(bom)).toEqual([]);
  });
});

describe('a folder', () => {
  it('does not lead out through symbolic links', async () => {
    using outside = temporaryFolder();
    using folder = temporaryFolder();
    writeFileSync(join(outside.path, 'package-lock.json'), JSON.stringify(v3));
    symlinkSync(join(outside.path, 'package-lock.json'), join(folder.path, 'package-lock.json'));
    symlinkSync(outside.path, join(folder.path, 'sub'));
    const { bom, notRead } = await generateSbom(folder.path, { clock });
    expect(bom.components).toEqual([]);
    expect(notRead).toEqual([{ path: 'package-lock.json', reason: 'symbolic link, not followed' }]);
  });

  it('says which manifests no lockfile covers', async () => {
    const { notRead } = await generate({
      'a/package.json': '{}',
      'b/package.json': '{}',
      'b/package-lock.json': v3,
    });
    expect(notRead.map((each) => each.path)).toEqual(['a/package.json']);
  });

  it('is bounded in size and depth', async () => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, 'x/y/z'), { recursive: true });
    writeFileSync(join(folder.path, 'package-lock.json'), JSON.stringify(v3));
    const { notRead } = await generateSbom(folder.path, { clock, limits: { fileBytes: 10, depth: 1 } });
    expect(notRead).toEqual([
      { path: 'x/y', reason: 'deeper than 1 folders' },
      expect.objectContaining({ path: 'package-lock.json', failed: true }),
    ]);
  });

  it('that is not there is refused', async () => {
    await expect(generateSbom('/nowhere/at/all', { clock })).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('integrity text', () => {
  it('is turned into hex digests, and what is malformed left out', () => {
    expect(integrityHashes('sha1-AAAA sha512-x nonsense')).toEqual([]);
    expect(integrityHashes(`sha1-${Buffer.alloc(20).toString('base64')}`)).toEqual([
      { alg: 'SHA-1', content: '00'.repeat(20) },
    ]);
  });
});
