import { parse as parseYaml } from 'yaml';
import {
  type ExtractedPackage,
  type Extractor,
  fileName,
  type JsonObject,
  objectOf,
  stringOf,
} from './extraction.ts';
import { integrityHashes } from './npm.ts';

/** `pnpm-lock.yaml`, lockfile versions 5 to 9. */
export const pnpm: Extractor = {
  name: 'pnpm',
  matches: (path) => fileName(path) === 'pnpm-lock.yaml',
  extract(file) {
    const lock = objectOf(
      parseYaml(file.text(), { schema: 'failsafe', maxAliasCount: 0, logLevel: 'error' }),
    );
    const major = Number.parseInt(stringOf(lock['lockfileVersion']) ?? '', 10);
    if (!Number.isInteger(major)) throw new TypeError('has no `lockfileVersion`');
    const packages = new Map<string, ExtractedPackage>();
    const dependsOn = new Map<string, string[]>([['', []]]);
    const described = objectOf(lock['packages']);
    // From version 9 on the edges are apart from the descriptions, in `snapshots`.
    const nodes = major >= 9 ? objectOf(lock['snapshots']) : described;
    const add = (key: string): string | undefined => {
      const identity = identityOf(key, major);
      if (identity === undefined) return undefined;
      const [name, version] = identity;
      const ref = `${name}@${version}`;
      const entry = objectOf(described[key] ?? described[ref]);
      if (!packages.has(ref)) packages.set(ref, toPackage(ref, name, version, entry));
      return ref;
    };
    for (const key of [...Object.keys(described), ...Object.keys(nodes)]) add(key);
    for (const [key, value] of Object.entries(nodes)) {
      const ref = add(key);
      if (ref === undefined) continue;
      const targets = ['dependencies', 'optionalDependencies'].flatMap((group) =>
        targetsOf(objectOf(objectOf(value)[group])),
      );
      dependsOn.set(ref, [...(dependsOn.get(ref) ?? []), ...targets]);
    }
    const importers =
      lock['importers'] === undefined ? [lock] : Object.values(objectOf(lock['importers'])).map(objectOf);
    for (const importer of importers) {
      for (const group of ['dependencies', 'devDependencies', 'optionalDependencies']) {
        dependsOn.get('')!.push(...targetsOf(objectOf(importer[group])));
      }
    }
    return { packages: [...packages.values()], dependsOn };
  },
};

/** Name to version, or to `{ specifier, version }`; the version may carry peers and may itself be another package. */
function targetsOf(table: JsonObject): string[] {
  return Object.entries(table).flatMap(([name, value]) => {
    const written = typeof value === 'string' ? value : stringOf(objectOf(value)['version']);
    if (written === undefined || written.startsWith('link:')) return [];
    const bare = written.replace(/\(.*$/s, '').replace(/_.*$/, '');
    if (/^\d/.test(bare)) return [`${name}@${bare}`];
    const alias = /^\/?((?:@[^/@]+\/)?[^/@]+)[@/](\d[^@/]*)$/.exec(bare);
    return alias === null ? [] : [`${alias[1]}@${alias[2]}`];
  });
}

/** `/name/1.0.0_peers` (5), `/name@1.0.0(peers)` (6), `name@1.0.0(peers)` (9). */
function identityOf(key: string, major: number): readonly [name: string, version: string] | undefined {
  const bare = key.replace(/\(.*$/s, '');
  const pattern =
    major < 6 ? /^\/((?:@[^/]+\/)?[^/]+)\/(\d[^/_]*)(?:_.*)?$/ : /^\/?((?:@[^/]+\/)?[^/@]+)@(\d[^@/]*)$/;
  const match = pattern.exec(bare);
  return match === null ? undefined : [match[1]!, match[2]!];
}

function toPackage(ref: string, name: string, version: string, entry: JsonObject): ExtractedPackage {
  const slash = name.startsWith('@') ? name.indexOf('/') : -1;
  const hashes = integrityHashes(stringOf(objectOf(entry['resolution'])['integrity']));
  return {
    ref,
    name,
    version,
    purl: {
      type: 'npm',
      namespace: slash < 0 ? null : name.slice(0, slash),
      name: name.slice(slash + 1),
      version,
    },
    ...(entry['dev'] === 'true' ? { development: true } : {}),
    ...(entry['optional'] === 'true' ? { optional: true } : {}),
    ...(hashes.length === 0 ? {} : { hashes }),
  };
}
