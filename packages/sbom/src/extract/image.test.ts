import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing.ts';
import { generateSbom } from './generate.ts';
import { readImage } from './image.ts';

const clock = { now: () => 0 };
const dpkg = (version: string) =>
  `Package: curl\nStatus: install ok installed\nVersion: ${version}\nArchitecture: amd64\nMaintainer: x\n`;
const release = 'ID=debian\nVERSION_ID="12"\n';

function lay(folder: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** GNU tar writes it, our reader reads it. */
function tarOf(folder: string): Buffer {
  execFileSync('tar', ['cf', `${folder}.tar`, '-C', folder, '.']);
  return readFileSync(`${folder}.tar`);
}

function stage() {
  const folder = temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  const layers = [
    tarOf(
      lay(at('l1'), {
        'var/lib/dpkg/status': dpkg('7.88.1-10'),
        'usr/lib/os-release': release,
        'app/package-lock.json': '{"lockfileVersion":3,"packages":{"node_modules/gone":{"version":"1.0.0"}}}',
        'old/Cargo.lock':
          '[[package]]\nname = "old"\nversion = "1.0.0"\nsource = "registry+https://github.com/rust-lang/crates.io-index"\n',
      }),
    ),
    tarOf(
      lay(at('l2'), {
        'app/.wh.package-lock.json': '',
        'old/.wh..wh..opq': '',
        'var/lib/dpkg/status': dpkg('7.88.1-11'),
      }),
    ),
  ];
  return { folder, at, layers };
}

const purls = async (path: string) =>
  (await generateSbom(path, { clock })).bom.components?.map((each) => each.purl);
const expected = ['pkg:deb/debian/curl@7.88.1-11?arch=amd64&distro=debian-12'];

describe('a container image', () => {
  it('as docker saves it is read layer over layer, with what they take away', async () => {
    const { folder, at, layers } = stage();
    using _ = folder;
    const manifest = JSON.stringify([
      { Config: 'c.json', RepoTags: ['a:1'], Layers: ['x/layer.tar', 'y/layer.tar'] },
    ]);
    tarOf(
      lay(at('image'), { 'manifest.json': manifest, 'y/layer.tar': layers[1]!, 'x/layer.tar': layers[0]! }),
    );
    expect(await purls(at('image.tar'))).toEqual(expected);
  });

  it.each([
    ['gzip', (bytes: Buffer) => gzipSync(bytes)],
    ['zstd', (bytes: Buffer) => zstdCompressSync(bytes)],
    ['nothing', (bytes: Buffer) => bytes],
  ])('in the OCI layout is read through an index, packed with %s', async (_name, pack) => {
    const { folder, at, layers } = stage();
    using _ = folder;
    const blobs: Record<string, Uint8Array | string> = {};
    const put = (content: Uint8Array | string) => {
      const hex = createHash('sha256').update(content).digest('hex');
      blobs[`blobs/sha256/${hex}`] = content;
      return { digest: `sha256:${hex}` };
    };
    const manifest = put(JSON.stringify({ layers: layers.map((each) => put(pack(each))) }));
    const index = JSON.stringify({ manifests: [put(JSON.stringify({ manifests: [manifest] }))] });
    tarOf(lay(at('image'), { ...blobs, 'oci-layout': '{}', 'index.json': index }));
    expect(await purls(at('image.tar'))).toEqual(expected);

    const [name] = Object.keys(blobs);
    lay(at('image'), { [name!]: pack(layers[1]!) });
    tarOf(at('image'));
    await expect(readImage(at('image.tar'), () => true)).rejects.toMatchObject({ code: 'invalid-archive' });
  });

  it('for several platforms is read for all of them, or for the one that is named', async () => {
    const { folder, at } = stage();
    using _ = folder;
    const blobs: Record<string, string | Uint8Array> = {};
    const put = (bytes: string | Uint8Array) => {
      const hex = createHash('sha256').update(bytes).digest('hex');
      blobs[`blobs/sha256/${hex}`] = bytes;
      return { digest: `sha256:${hex}` };
    };
    const image = (architecture: string) => {
      const status = dpkg('7.88.1-10').replace('amd64', architecture);
      const layer = tarOf(
        lay(at(architecture), { 'var/lib/dpkg/status': status, 'usr/lib/os-release': release }),
      );
      return { ...put(JSON.stringify({ layers: [put(layer)] })), platform: { os: 'linux', architecture } };
    };
    const attestation = {
      ...put(JSON.stringify({ layers: [] })),
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
    };
    const inner = put(JSON.stringify({ manifests: [image('amd64'), image('arm64'), attestation] }));
    lay(at('oci'), { 'oci-layout': '{}', 'index.json': JSON.stringify({ manifests: [inner] }), ...blobs });
    tarOf(at('oci'));
    const made = (platform?: string) =>
      generateSbom(at('oci.tar'), { clock, ...(platform === undefined ? {} : { platform }) });
    const archs = async (platform?: string) =>
      (await made(platform)).bom.components?.map((each) => /arch=(\w+)/.exec(each.purl ?? '')?.[1]);
    expect(await archs()).toEqual(['amd64', 'arm64']);
    expect(await archs('linux/arm64')).toEqual(['arm64']);
    await expect(made('windows/amd64')).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('`linux/amd64`, `linux/arm64`'),
    });
  });

  it('or a tar of a root file system, also packed', async () => {
    const { folder, at, layers } = stage();
    using _ = folder;
    writeFileSync(at('root.tar.gz'), gzipSync(layers[0]!));
    expect(await purls(at('root.tar.gz'))).toContain(
      'pkg:deb/debian/curl@7.88.1-10?arch=amd64&distro=debian-12',
    );
  });

  it('that is damaged, cut, incomplete or no archive is refused', async () => {
    const { folder, at, layers } = stage();
    using _ = folder;
    writeFileSync(at('none.tar'), 'not a tar at all'.repeat(100));
    writeFileSync(at('cut.tar'), layers[0]!);
    truncateSync(at('cut.tar'), 2600);
    tarOf(lay(at('lacks'), { 'manifest.json': '[{"Layers":["a/layer.tar"]}]' }));
    tarOf(lay(at('broken'), { 'manifest.json': '[{' }));
    tarOf(lay(at('empty'), { 'oci-layout': '{}', 'index.json': '{"manifests":[]}' }));
    for (const name of ['none', 'cut', 'lacks', 'broken', 'empty']) {
      await expect(
        readImage(at(`${name}.tar`), () => true),
        name,
      ).rejects.toMatchObject({ code: 'invalid-archive' });
    }
  });

  it('that is made to fill memory or time is refused', async () => {
    const { folder, at } = stage();
    using _ = folder;
    writeFileSync(
      at('bomb.tar.gz'),
      gzipSync(tarOf(lay(at('big'), { 'var/lib/dpkg/status': Buffer.alloc(3e6) }))),
    );
    const limits = { unpacked: 1e6, kept: 1e6, fileBytes: 1e7, entries: 100 };
    await expect(readImage(at('bomb.tar.gz'), () => true, limits)).rejects.toMatchObject({
      code: 'too-large',
    });
    const wide = { ...limits, unpacked: 1e9 };
    await expect(readImage(at('bomb.tar.gz'), () => true, wide)).rejects.toMatchObject({ code: 'too-large' });
  });

  it('never follows a link or a name that climbs out', async () => {
    const { folder, at } = stage();
    using _ = folder;
    lay(at('links'), { 'etc/os-release': release });
    mkdirSync(at('links/var/lib/dpkg'), { recursive: true });
    symlinkSync('/var/lib/dpkg/status', at('links/var/lib/dpkg/status'));
    execFileSync('tar', [
      'cf',
      at('links.tar'),
      '-C',
      at('links'),
      '--transform',
      's,^./etc,../../etc,',
      '-P',
      '.',
    ]);
    expect((await readImage(at('links.tar'), () => true)).files).toEqual([]);
  });
});
