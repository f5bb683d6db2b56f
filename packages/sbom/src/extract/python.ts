import { parse as parseToml } from 'smol-toml';
import {
  arrayOf,
  type ExtractedPackage,
  type Extraction,
  type Extractor,
  fileName,
  type JsonObject,
  objectOf,
  parseJsonObject,
  type SourceFile,
  stringOf,
} from './extraction.ts';

/** PEP 503: the name under which PyPI knows a package. */
function normalName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

function pypiPackage(
  name: string,
  version: string | undefined,
  more: Partial<ExtractedPackage> = {},
): ExtractedPackage {
  const normal = normalName(name);
  return {
    ref: normal,
    name: normal,
    ...(version === undefined ? {} : { version }),
    purl: { type: 'pypi', name: normal, version: version ?? null },
    ...more,
  };
}

/** pip's `requirements*.txt` (pip documentation, "Requirements File Format"). Only `==` pins a version. */
export const requirements: Extractor = {
  name: 'requirements',
  matches: (path) =>
    /^(requirements.*|constraints.*)\.txt$/.test(fileName(path)) || /\/requirements\/[^/]+\.txt$/.test(path),
  extract(file) {
    const packages: ExtractedPackage[] = [];
    const notRead: string[] = [];
    const development = /dev|test/i.test(fileName(file.path));
    const lines = file
      .text()
      .replace(/\\\r?\n/g, ' ')
      .split(/\r?\n/);
    for (const raw of lines) {
      const line = raw.replace(/(^|\s)#.*$/, '').trim();
      if (line === '') continue;
      if (line.startsWith('-')) {
        if (/^(-e|--editable)\b/.test(line))
          notRead.push(`\`${line.slice(0, 100)}\` is installed from a folder or repository`);
        continue;
      }
      const match =
        /^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*([^;]*?)\s*(?:;.*?)?(?:\s--hash.*)?$/.exec(line);
      if (match === null) {
        notRead.push(`\`${line.slice(0, 100)}\` is no requirement that can be read`);
        continue;
      }
      const pin = /^\(?={2,3}\s*([^\s,*()]+)\)?(?:\s--.*)?$/.exec(match[2]!.trim());
      const hashes = [...line.matchAll(/--hash=sha256:([0-9a-f]{64})/g)];
      packages.push(
        pypiPackage(match[1]!, pin?.[1], {
          ...(development ? { development } : {}),
          // Several hashes are of several files, and then none is that of the component.
          ...(hashes.length === 1 ? { hashes: [{ alg: 'SHA-256', content: hashes[0]![1]! }] } : {}),
        }),
      );
    }
    return { packages, dependsOn: new Map(), notRead };
  },
};

/** `Pipfile.lock` (pipenv). */
export const pipenv: Extractor = {
  name: 'pipenv',
  matches: (path) => fileName(path) === 'Pipfile.lock',
  extract(file) {
    const lock = parseJsonObject(file);
    const group = (name: string, more: Partial<ExtractedPackage>) =>
      Object.entries(objectOf(lock[name])).map(([each, value]) =>
        pypiPackage(each, stringOf(objectOf(value)['version'])?.replace(/^={2,3}/, ''), more),
      );
    const main = group('default', {});
    const known = new Set(main.map((each) => each.ref));
    const packages = [
      ...main,
      ...group('develop', { development: true }).filter((each) => !known.has(each.ref)),
    ];
    return { packages, dependsOn: new Map() };
  },
};

/** `poetry.lock`, `uv.lock`, `pdm.lock` and `pylock.toml` (PEP 751): TOML with a list of packages. */
export const pythonLocks: Extractor = {
  name: 'python-lock',
  matches: (path) => /^(poetry|uv|pdm)\.lock$|^pylock(\..+)?\.toml$/.test(fileName(path)),
  extract(file) {
    const lock = objectOf(parseToml(file.text()));
    const list = arrayOf(lock['package'] ?? lock['packages']).map(objectOf);
    const manifest = readManifest(file);
    const packages: ExtractedPackage[] = [];
    const dependsOn = new Map<string, string[]>();
    for (const entry of list) {
      const name = stringOf(entry['name']);
      if (name === undefined) continue;
      const source = objectOf(entry['source']);
      const own = ['editable', 'virtual', 'directory'].some((kind) => source[kind] !== undefined);
      const { purl, ...rest } = pypiPackage(name, stringOf(entry['version']));
      const development = isDevelopment(entry);
      packages.push({
        ...rest,
        ...(own ? { firstParty: true } : { purl: purl! }),
        ...(development ? { development } : {}),
        ...(entry['optional'] === true ? { optional: true } : {}),
      });
      dependsOn.set(normalName(name), dependencyNames(entry));
    }
    const own = packages.filter((each) => each.firstParty).map((each) => each.ref);
    const required = new Set([...dependsOn.values()].flat());
    const roots = packages.map((each) => each.ref).filter((ref) => !required.has(ref));
    dependsOn.set('', own.length > 0 ? own : manifest.direct.length > 0 ? manifest.direct : roots);
    return { packages, dependsOn, ...(manifest.project === undefined ? {} : { project: manifest.project }) };
  },
};

function isDevelopment(entry: JsonObject): boolean {
  const groups = arrayOf(entry['groups']);
  return (
    entry['category'] === 'dev' ||
    (groups.length > 0 && !groups.some((group) => group === 'main' || group === 'default'))
  );
}

function dependencyNames(entry: JsonObject): string[] {
  const value = entry['dependencies'];
  const fromList = arrayOf(value).flatMap(
    (each) =>
      (typeof each === 'string' ? /^[A-Za-z0-9._-]+/.exec(each)?.[0] : stringOf(objectOf(each)['name'])) ??
      [],
  );
  const fromTable = Array.isArray(value) ? [] : Object.keys(objectOf(value));
  const groups = Object.values(objectOf(entry['dev-dependencies'])).flatMap((list) =>
    arrayOf(list).flatMap((each) => stringOf(objectOf(each)['name']) ?? []),
  );
  return [...fromList, ...fromTable, ...groups].map(normalName);
}

function readManifest(file: SourceFile): { direct: string[]; project?: NonNullable<Extraction['project']> } {
  const text = file.sibling('pyproject.toml');
  if (text === undefined) return { direct: [] };
  try {
    const manifest = objectOf(parseToml(text));
    const project = objectOf(manifest['project']);
    const poetry = objectOf(objectOf(manifest['tool'])['poetry']);
    const groups = Object.values(objectOf(poetry['group'])).map((group) => objectOf(group)['dependencies']);
    const listed = [
      ...arrayOf(project['dependencies']),
      ...Object.values(objectOf(project['optional-dependencies'])).flatMap(arrayOf),
    ];
    const direct = [
      ...listed.flatMap((each) =>
        typeof each === 'string' ? (/^[A-Za-z0-9._-]+/.exec(each)?.[0] ?? []) : [],
      ),
      ...[poetry['dependencies'], poetry['dev-dependencies'], ...groups].flatMap((table) =>
        Object.keys(objectOf(table)),
      ),
    ].map(normalName);
    const name = stringOf(project['name']) ?? stringOf(poetry['name']);
    const version = stringOf(project['version']) ?? stringOf(poetry['version']);
    return {
      direct: direct.filter((each) => each !== 'python'),
      ...(name === undefined ? {} : { project: { name, ...(version === undefined ? {} : { version }) } }),
    };
  } catch {
    // A manifest that cannot be read takes nothing from the lock: the roots of its graph stand in.
    return { direct: [] };
  }
}
