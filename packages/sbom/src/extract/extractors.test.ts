import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { dependencyGraph } from '../model/graph.ts';
import { validateBom } from '../model/validate.ts';
import { temporaryFolder } from '../testing.ts';
import { generateSbom } from './generate.ts';
import { extractors } from './index.ts';

const clock = { now: () => 0 };

async function generate(files: Record<string, string | Uint8Array>) {
  using folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  const result = await generateSbom(folder.path, { clock });
  expect(await validateBom(result.bom)).toEqual([]);
  const graph = dependencyGraph(result.bom);
  const purls = result.bom.components?.flatMap((each) => each.purl ?? []) ?? [];
  return {
    ...result,
    purls,
    direct: purls.filter((purl) => graph.isDirect(purl)),
    path: (purl: string) => graph.path(purl),
  };
}

describe('yarn', () => {
  it('is read in its own format', async () => {
    const { purls, direct, path } = await generate({
      'package.json': '{"dependencies":{"a":"^1.0.0","@s/b":"^2.0.0","al":"npm:real@^3.0.0"}}',
      'yarn.lock': `# yarn lockfile v1

"@s/b@^2.0.0", "@s/b@^2.1.0":
  version "2.1.0"
  dependencies:
    c "^1.0.0"

a@^1.0.0:
  version "1.2.0"
  integrity sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=

"al@npm:real@^3.0.0":
  version "3.1.0"

c@^1.0.0:
  version "1.0.5"
`,
    });
    expect(purls).toEqual([
      'pkg:npm/%40s/b@2.1.0',
      'pkg:npm/a@1.2.0',
      'pkg:npm/c@1.0.5',
      'pkg:npm/real@3.1.0',
    ]);
    expect(direct).toEqual(['pkg:npm/%40s/b@2.1.0', 'pkg:npm/a@1.2.0', 'pkg:npm/real@3.1.0']);
    expect(path('pkg:npm/c@1.0.5')).toEqual(['pkg:npm/%40s/b@2.1.0', 'pkg:npm/c@1.0.5']);
  });

  it('berry is read as YAML, with its workspaces', async () => {
    const { purls, direct } = await generate({
      'yarn.lock': `__metadata:
  version: 8

"a@npm:^1.0.0":
  version: 1.10
  resolution: "a@npm:1.10"
  dependencies:
    c: "npm:^1.0.0"
  linkType: hard

"c@npm:^1.0.0":
  version: 1.0.5
  resolution: "c@npm:1.0.5"
  linkType: hard

"app@workspace:.":
  version: 0.0.0-use.local
  resolution: "app@workspace:."
  dependencies:
    a: "npm:^1.0.0"
  linkType: soft
`,
    });
    expect(purls).toEqual(['pkg:npm/a@1.10', 'pkg:npm/c@1.0.5']);
    expect(direct).toEqual(['pkg:npm/a@1.10']);
  });
});

describe('pnpm', () => {
  it.each([
    [
      '5.4',
      "lockfileVersion: 5.4\ndependencies:\n  a: 1.0.0\npackages:\n  /a/1.0.0:\n    dependencies:\n      '@s/c': 2.0.0_react@18.0.0\n  /@s/c/2.0.0_react@18.0.0:\n    dev: false\n",
    ],
    [
      '6.0',
      "lockfileVersion: '6.0'\ndependencies:\n  a:\n    specifier: ^1\n    version: 1.0.0\npackages:\n  /a@1.0.0:\n    dependencies:\n      '@s/c': 2.0.0(react@18.0.0)\n  /@s/c@2.0.0(react@18.0.0):\n    dev: false\n",
    ],
    [
      '9.0',
      "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a:\n        specifier: ^1\n        version: 1.0.0\npackages:\n  a@1.0.0:\n    resolution: {integrity: sha1-AAAA}\n  '@s/c@2.0.0':\n    resolution: {integrity: sha1-AAAA}\nsnapshots:\n  a@1.0.0:\n    dependencies:\n      '@s/c': 2.0.0(react@18.0.0)\n  '@s/c@2.0.0(react@18.0.0)': {}\n",
    ],
  ])('of version %s is read with its graph', async (_version, lock) => {
    const { purls, direct, path } = await generate({ 'pnpm-lock.yaml': lock });
    expect(purls).toEqual(['pkg:npm/%40s/c@2.0.0', 'pkg:npm/a@1.0.0']);
    expect(direct).toEqual(['pkg:npm/a@1.0.0']);
    expect(path('pkg:npm/%40s/c@2.0.0')).toEqual(['pkg:npm/a@1.0.0', 'pkg:npm/%40s/c@2.0.0']);
  });
});

describe('python', () => {
  it('requirements are read, and what is not pinned has no version', async () => {
    const { purls, notRead } = await generate({
      'requirements.txt': `# comment
Django_Thing==1.10 ; python_version > "3" \\
    --hash=sha256:${'a'.repeat(64)}
flask[async]>=2.0
requests == 2.31.0  # why
-r other.txt
-e ./local
!!!
`,
    });
    expect(purls).toEqual(['pkg:pypi/django-thing@1.10', 'pkg:pypi/flask', 'pkg:pypi/requests@2.31.0']);
    expect(notRead.map((each) => each.reason)).toEqual([
      '`-e ./local` is installed from a folder or repository',
      '`!!!` is no requirement that can be read',
    ]);
  });

  it('poetry, uv, pdm and pipenv locks are read', async () => {
    const poetry = await generate({
      'pyproject.toml':
        '[tool.poetry]\nname = "app"\n[tool.poetry.dependencies]\npython = "^3.12"\nA-b = "^1"\n',
      'poetry.lock':
        '[[package]]\nname = "a-b"\nversion = "1.0"\n[package.dependencies]\nc = ">=1"\n[[package]]\nname = "C"\nversion = "2.0"\n',
    });
    expect(poetry.direct).toEqual(['pkg:pypi/a-b@1.0']);
    expect(poetry.path('pkg:pypi/c@2.0')).toEqual(['pkg:pypi/a-b@1.0', 'pkg:pypi/c@2.0']);
    const uv = await generate({
      'uv.lock':
        '[[package]]\nname = "app"\nversion = "0"\nsource = { virtual = "." }\ndependencies = [{ name = "a" }]\n[[package]]\nname = "a"\nversion = "1.0"\nsource = { registry = "x" }\n',
    });
    expect(uv.purls).toEqual(['pkg:pypi/a@1.0']);
    expect(uv.direct).toEqual(['pkg:pypi/a@1.0']);
    const pdm = await generate({
      'pdm.lock':
        '[[package]]\nname = "a"\nversion = "1.0"\ngroups = ["dev"]\ndependencies = ["b<2"]\n[[package]]\nname = "b"\nversion = "1.5"\n',
    });
    expect(pdm.path('pkg:pypi/b@1.5')).toEqual(['pkg:pypi/a@1.0', 'pkg:pypi/b@1.5']);
    const pipenv = await generate({
      'Pipfile.lock': '{"default":{"a":{"version":"==1.0"}},"develop":{"b":{"version":"==2.0"}}}',
    });
    expect(pipenv.purls).toEqual(['pkg:pypi/a@1.0', 'pkg:pypi/b@2.0']);
  });
});

describe('go.mod', () => {
  it('is read with replacements, direct and indirect modules', async () => {
    const { purls, direct, notRead, bom } = await generate({
      'go.mod': `module example.com/app
go 1.22
toolchain go1.22.3
require github.com/a/b v1.2.3
require (
	golang.org/x/net v0.17.0 // indirect
	github.com/c/d/v2 v2.0.0+incompatible
	github.com/e/f v1.0.0
)
replace github.com/e/f => ../local
replace github.com/c/d/v2 => github.com/fork/d/v2 v2.0.1
`,
    });
    expect(bom.metadata?.component?.name).toBe('example.com/app');
    expect(purls).toEqual([
      'pkg:golang/github.com/a/b@v1.2.3',
      'pkg:golang/github.com/fork/d/v2@v2.0.1',
      'pkg:golang/golang.org/x/net@v0.17.0',
      'pkg:golang/stdlib@1.22.3',
    ]);
    expect(direct).not.toContain('pkg:golang/golang.org/x/net@v0.17.0');
    expect(notRead.map((each) => each.reason)).toEqual([
      '`github.com/e/f` is replaced by the folder `../local`',
    ]);
  });
});

describe('Cargo.lock', () => {
  it('is read with two versions of one crate', async () => {
    const { purls, path } = await generate({
      'Cargo.lock': `version = 3
[[package]]
name = "app"
version = "0.1.0"
dependencies = ["a", "b 2.0.0"]
[[package]]
name = "a"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "${'b'.repeat(64)}"
dependencies = ["b 1.0.0"]
[[package]]
name = "b"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
[[package]]
name = "b"
version = "2.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
`,
    });
    expect(purls).toEqual(['pkg:cargo/a@1.0.0', 'pkg:cargo/b@1.0.0', 'pkg:cargo/b@2.0.0']);
    expect(path('pkg:cargo/b@1.0.0')).toEqual(['member:app@0.1.0', 'pkg:cargo/a@1.0.0', 'pkg:cargo/b@1.0.0']);
  });
});

describe('java', () => {
  it('poms are read with properties and managed versions', async () => {
    const { purls, bom } = await generate({
      'pom.xml': `<project xmlns="http://maven.apache.org/POM/4.0.0"><parent><groupId>g</groupId><version>9</version></parent>
<artifactId>app</artifactId><properties><v>1.\${minor}</v><minor>2</minor><loop>\${loop}</loop></properties>
<dependencyManagement><dependencies><dependency><groupId>m</groupId><artifactId>managed</artifactId><version>3.0</version></dependency></dependencies></dependencyManagement>
<dependencies>
<dependency><groupId>\${project.groupId}</groupId><artifactId>own</artifactId><version>\${project.version}</version></dependency>
<dependency><groupId>a</groupId><artifactId>b</artifactId><version>\${v}</version><scope>test</scope></dependency>
<dependency><groupId>m</groupId><artifactId>managed</artifactId></dependency>
<dependency><groupId>r</groupId><artifactId>range</artifactId><version>[1,2)</version></dependency>
<dependency><groupId>l</groupId><artifactId>loop</artifactId><version>\${loop}</version></dependency>
</dependencies></project>`,
    });
    expect(purls).toEqual([
      'pkg:maven/a/b@1.2',
      'pkg:maven/g/own@9',
      'pkg:maven/l/loop',
      'pkg:maven/m/managed@3.0',
      'pkg:maven/r/range',
    ]);
    expect(bom.metadata?.component).toMatchObject({ name: 'app', version: '9' });
  });

  it('archives are opened, also inside archives, and named by file where they say nothing', async () => {
    const jar = (properties: string) =>
      zipSync({ 'META-INF/maven/g/inner/pom.properties': strToU8(properties) });
    const war = zipSync({
      'WEB-INF/lib/inner.jar': jar('groupId=g\nartifactId=inner\nversion=1.0\n'),
      'WEB-INF/lib/mystery-2.1.jar': jar('nothing'),
    });
    const { purls, bom } = await generate({ 'app.war': war });
    expect(purls).toEqual(['pkg:maven/g/inner@1.0']);
    expect(bom.components?.map((each) => each.name)).toContain('mystery');
    const cut = await generate({ 'app.war': war.subarray(0, war.length - 10) });
    expect(cut.notRead).toEqual([expect.objectContaining({ path: 'app.war', failed: true })]);
  });

  it('gradle locks are read', async () => {
    const { purls } = await generate({
      'gradle.lockfile':
        '# comment\na:b:1.0=compileClasspath,testCompileClasspath\nempty=annotationProcessor\n',
    });
    expect(purls).toEqual(['pkg:maven/a/b@1.0']);
  });
});

describe('composer, bundler and nuget', () => {
  it('are read with what is direct', async () => {
    const composer = await generate({
      'composer.json': '{"name":"v/app","require":{"php":">=8","v/a":"^1"}}',
      'composer.lock':
        '{"packages":[{"name":"V/a","version":"v1.2.0","license":["MIT"],"require":{"v/b":"*"}},{"name":"v/b","version":"2.0.0"}],"packages-dev":[]}',
    });
    expect(composer.purls).toEqual(['pkg:composer/v/a@v1.2.0', 'pkg:composer/v/b@2.0.0']);
    expect(composer.direct).toEqual(['pkg:composer/v/a@v1.2.0']);
    const bundler = await generate({
      'Gemfile.lock': `GEM
  remote: https://rubygems.org/
  specs:
    nokogiri (1.15.0-x86_64-linux)
      racc (~> 1.4)
    racc (1.7.1)

PLATFORMS
  x86_64-linux

DEPENDENCIES
  nokogiri (~> 1.15)
`,
    });
    expect(bundler.purls).toEqual(['pkg:gem/nokogiri@1.15.0?platform=x86_64-linux', 'pkg:gem/racc@1.7.1']);
    expect(bundler.path('pkg:gem/racc@1.7.1')).toHaveLength(2);
    const nuget = await generate({
      'packages.lock.json':
        '{"version":1,"dependencies":{"net8.0":{"A.B":{"type":"Direct","resolved":"1.0.0","dependencies":{"c":"1.0.0"}},"C":{"type":"Transitive","resolved":"1.0.1"}}}}',
    });
    expect(nuget.direct).toEqual(['pkg:nuget/A.B@1.0.0']);
    expect(nuget.path('pkg:nuget/C@1.0.1')).toHaveLength(2);
  });
});

describe('root file systems', () => {
  it('of Debian, Alpine and OpenWrt are read with their release', async () => {
    const { purls } = await generate({
      'rootfs/etc/os-release': 'ID=debian\nVERSION_ID="12"\n',
      'rootfs/var/lib/dpkg/status':
        'Package: libcurl4\nStatus: install ok installed\nArchitecture: amd64\nVersion: 7.88.1-10\nSource: curl (7.88.1)\nDepends: libc6 (>= 2.36), zlib1g | x\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n',
      'alpine/etc/os-release': 'ID=alpine\nVERSION_ID=3.20.1\n',
      'alpine/lib/apk/db/installed': 'C:Q1\nP:busybox\nV:1.36.1-r29\nA:x86_64\nL:GPL-2.0-only\no:busybox\n\n',
      'router/usr/lib/opkg/status':
        'Package: dropbear\nVersion: 2022.83-1\nStatus: install user installed\n\n',
    });
    expect(purls).toEqual([
      'pkg:apk/alpine/busybox@1.36.1-r29?arch=x86_64&distro=alpine-3.20.1',
      'pkg:deb/debian/libcurl4@7.88.1-10?arch=amd64&distro=debian-12&upstream=curl%407.88.1',
      'pkg:opkg/openwrt/dropbear@2022.83-1',
    ]);
  });
});

describe('every extractor', () => {
  const names = [
    'package-lock.json',
    'yarn.lock',
    'pnpm-lock.yaml',
    'poetry.lock',
    'Pipfile.lock',
    'requirements.txt',
    'go.mod',
    'Cargo.lock',
    'pom.xml',
    'gradle.lockfile',
    'a.jar',
    'composer.lock',
    'Gemfile.lock',
    'packages.lock.json',
    'var/lib/dpkg/status',
    'lib/apk/db/installed',
    'usr/lib/opkg/status',
    'openwrt.manifest',
    'env/conda-meta/x.json',
    'conda-lock.yml',
    'show-info.json',
    'legal-info/manifest.csv',
    'plugin/metadata.txt',
    'image.spdx.tar.zst',
  ];

  it('has a file name of its own', () => {
    for (const name of names) expect(extractors.filter((each) => each.matches(name))).toHaveLength(1);
    expect(new Set(names.map((name) => extractors.find((each) => each.matches(name))))).toEqual(
      new Set(extractors),
    );
  });

  it('takes garbage without crashing, and reports it', async () => {
    using folder = temporaryFolder();
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text)),
      fc
        .constantFrom(
          '[[package]]',
          'a: [',
          '__metadata:\n',
          '<project>',
          '[',
          'lockfileVersion: 9',
          '{"packages":{"":null,"x":3}}',
        )
        .map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), garbage, async (name, bytes) => {
        const path = join(folder.path, name);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, bytes);
        const { bom, read, notRead } = await generateSbom(folder.path, { clock });
        expect(read.length + notRead.length).toBeGreaterThan(0);
        expect(bom.bomFormat).toBe('CycloneDX');
        rmSync(path);
      }),
      { numRuns: 300 },
    );
  });
});
