import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing.ts';
import { generateSbom } from './generate.ts';

const clock = { now: () => 0 };

async function from(files: Readonly<Record<string, string | Uint8Array>>) {
  using folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder.path, dirname(name)), { recursive: true });
    writeFileSync(join(folder.path, name), content);
  }
  const { bom, notRead } = await generateSbom(folder.path, { clock });
  const components = bom.components ?? [];
  return {
    purls: components.map((each) => each.purl),
    components,
    failed: notRead.filter((each) => each.failed),
  };
}

describe('firmware, GIS and data science', () => {
  it('conda: what is installed, with build and channel', async () => {
    const record = {
      name: 'gdal',
      version: '3.9.2',
      build: 'py312_0',
      channel: 'https://conda.anaconda.org/conda-forge/linux-64',
      subdir: 'linux-64',
      license: 'MIT',
      sha256: 'ab'.repeat(32),
    };
    const { purls, components } = await from({
      'env/conda-meta/gdal-3.9.2-py312_0.json': JSON.stringify(record),
    });
    expect(purls).toEqual(['pkg:conda/gdal@3.9.2?build=py312_0&channel=conda-forge&subdir=linux-64']);
    expect(components[0]?.licenses).toMatchObject([{ license: { id: 'MIT' } }]);
  });

  it('conda-lock: packages of conda and of pip', async () => {
    const text =
      'version: 1\npackage:\n- {name: numpy, version: 1.10, manager: conda, platform: linux-64}\n- {name: requests, version: "2.0", manager: pip}\n';
    expect((await from({ 'conda-lock.yml': text })).purls).toEqual([
      'pkg:conda/numpy@1.10',
      'pkg:pypi/requests@2.0',
    ]);
  });

  it('Buildroot: what is on the target, from show-info and from the legal manifest', async () => {
    const info = {
      zlib: { type: 'target', virtual: true },
      libzlib: { type: 'target', version: '1.3.1', licenses: 'Zlib', dependencies: ['toolchain'] },
      'host-cmake': { type: 'host', version: '3.28' },
      busybox: {
        type: 'target',
        version: '1.36.1',
        licenses: 'GPL-2.0, bzip2-1.0.4',
        dependencies: ['libzlib'],
      },
    };
    expect((await from({ 'output/show-info.json': JSON.stringify(info) })).purls).toEqual([
      'pkg:generic/buildroot/busybox@1.36.1',
      'pkg:generic/buildroot/libzlib@1.3.1',
    ]);
    const csv =
      '"PACKAGE","VERSION","LICENSE","LICENSE FILES"\r\n"dropbear","2024.85","MIT, ""own""","LICENSE"\r\n"custom","","unknown",""\n';
    const { purls } = await from({ 'legal-info/manifest.csv': csv });
    expect(purls).toEqual(['pkg:generic/buildroot/custom', 'pkg:generic/buildroot/dropbear@2024.85']);
  });

  it('QGIS: a plugin with the plugins that it needs, and no other metadata.txt', async () => {
    const plugin =
      '[general]\nname=Flood Map\nqgisMinimumVersion=3.22\nversion=1.4\nplugin_dependencies=QuickOSM==2.2.3, Other\n';
    expect((await from({ 'p/metadata.txt': plugin, 'q/metadata.txt': 'name=x\n' })).purls).toEqual([
      'pkg:generic/qgis/Flood%20Map@1.4',
      'pkg:generic/qgis/Other',
      'pkg:generic/qgis/QuickOSM@2.2.3',
    ]);
  });

  it('Yocto: the packages of an archive of SPDX documents', async () => {
    using folder = temporaryFolder();
    const spdx = (name: string, more: object) =>
      JSON.stringify({ spdxVersion: 'SPDX-2.2', packages: [{ name, versionInfo: '1.0', ...more }] });
    writeFileSync(join(folder.path, 'a.spdx.json'), spdx('openssl', { licenseDeclared: 'Apache-2.0' }));
    const externalRefs = [{ referenceType: 'purl', referenceLocator: 'pkg:generic/curl@8.1.0' }];
    writeFileSync(
      join(folder.path, 'b.spdx.json'),
      spdx('curl', { externalRefs, licenseDeclared: 'NOASSERTION' }),
    );
    execFileSync('tar', ['cf', join(folder.path, 'x.tar'), '-C', folder.path, 'a.spdx.json', 'b.spdx.json']);
    const packed = zstdCompressSync(readFileSync(join(folder.path, 'x.tar')));
    expect((await from({ 'core-image.spdx.tar.zst': packed })).purls).toEqual([
      'pkg:generic/curl@8.1.0',
      'pkg:generic/yocto/openssl@1.0',
    ]);
  });

  it.each([
    ['conda-meta/x.json', '{}'],
    ['conda-lock.yml', 'package: 1'],
    ['show-info.json', '[]'],
    ['legal-info/manifest.csv', 'a,b\n1,2\n'],
    ['x.spdx.tar.zst', 'no archive'],
  ])('%s that is broken is reported, never passed over', async (name, text) => {
    expect((await from({ [name]: text })).failed).toHaveLength(1);
  });
});
