import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
/**
 * Entries besides the index: for a program that starts in a fraction of a second on a small machine and loads no more
 * than it runs, and `testing` for what the tests of several packages share.
 */
const entries: Readonly<Record<string, readonly string[]>> = {
  contracts: ['./error', './thread', './testing'],
  device: ['./command'],
};
const domain = ['policy', 'pki', 'sbom', 'siem', 'csirt', 'store', 'device'];

interface Import {
  readonly file: string;
  readonly from: string;
  readonly typeOnly: boolean;
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.parentPath.includes('node_modules'),
    )
    .map((entry) => join(entry.parentPath, entry.name));
}

function imports(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const found = text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]/gm);
  const dynamic = text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g);
  return [
    ...[...found].map((match) => ({
      file: relative(root, file),
      from: match[2]!,
      typeOnly: match[1] !== undefined,
    })),
    ...[...dynamic].map((match) => ({ file: relative(root, file), from: match[1]!, typeOnly: false })),
  ];
}

const ours = (specifier: string) => /^@kydai\/([a-z]+)/.exec(specifier)?.[1];

describe('the direction of imports', () => {
  it('contracts import zod and Node alone', () => {
    const foreign = sources('packages/contracts/src')
      .filter((file) => !file.endsWith('.test.ts'))
      .flatMap(imports)
      .filter(({ from }) => !from.startsWith('.') && !from.startsWith('node:') && from !== 'zod');
    expect(foreign).toEqual([]);
  });

  it.each(domain)('%s imports no other package of ours than contracts', (name) => {
    const wrong = sources(`packages/${name}/src`)
      .flatMap(imports)
      .filter(({ from }) => ours(from) !== undefined && ours(from) !== 'contracts');
    expect(wrong).toEqual([]);
  });

  it('the console takes only types, and only from contracts', () => {
    const wrong = sources('packages/console/src')
      .flatMap(imports)
      .filter(({ from, typeOnly }) => ours(from) !== undefined && !(ours(from) === 'contracts' && typeOnly));
    expect(wrong).toEqual([]);
  });

  it('no package reaches into another by path', () => {
    const wrong = [...domain, 'contracts', 'console', 'kydai']
      .flatMap((name) => sources(`packages/${name}/src`))
      .flatMap(imports)
      .filter(({ file, from }) => {
        const inner = /^@kydai\/([a-z]+)\/(?!folder$)(.+)/.exec(from);
        if (inner?.[2] === 'testing') return !/\.test\.ts$|\/(?:testing|fixtures)\//.test(file);
        if (inner !== null) return !entries[inner[1]!]?.includes(`./${inner[2]}`);
        if (!from.startsWith('.')) return false;
        const target = relative(root, join(root, file, '..', from));
        return target.split('/').slice(0, 2).join('/') !== file.split('/').slice(0, 2).join('/');
      });
    expect(wrong).toEqual([]);
  });
});

describe('what a package shows', () => {
  it.each([...domain, 'contracts'])(
    '%s exports its index, and what small programs start from',
    async (name) => {
      const manifest = JSON.parse(readFileSync(join(root, `packages/${name}/package.json`), 'utf8'));
      expect(Object.keys(manifest.exports)).toEqual(['.', ...(entries[name] ?? [])]);
      expect(manifest.exports['.']).toBe('./src/index.ts');
      const entry = await import(`@kydai/${name}`);
      expect(Object.keys(entry).length).toBeGreaterThan(0);
      await expect(import(/* @vite-ignore */ `@kydai/${name}/src/index.ts`)).rejects.toThrow();
    },
  );
});

describe('the size of files', () => {
  it('a file above 300 lines says at its top why it is one', () => {
    const long = [...domain, 'contracts', 'console', 'kydai']
      .flatMap((name) => sources(`packages/${name}/src`))
      .filter((file) => !/\.test\.tsx?$/.test(file) && !/\/(?:fixtures|testing|contract)\//.test(file))
      .filter((file) => {
        const text = readFileSync(file, 'utf8');
        return (
          text.trimEnd().split('\n').length > 300 && !/^\/\/ One file because /m.test(text.slice(0, 400))
        );
      })
      .map((file) => relative(root, file));
    expect(long).toEqual([]);
  });
});

describe('the lock of dependencies', () => {
  it('keeps what npm 10 needs to build nothing on a machine without Python', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    // npm leaves this out of the lock at each install; put it back by hand (docs/decisions/dependencies-store.md).
    expect(lock.packages['node_modules/better-sqlite3']).toHaveProperty('gypfile', false);
  });
});
