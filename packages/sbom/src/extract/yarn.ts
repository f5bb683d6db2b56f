import { parse as parseYaml } from 'yaml';
import {
  type ExtractedPackage,
  type Extractor,
  fileName,
  type JsonObject,
  objectOf,
  type SourceFile,
  stringOf,
} from './extraction.ts';
import { integrityHashes } from './npm.ts';

interface Entry {
  readonly name: string;
  readonly version: string;
  readonly integrity: string | undefined;
  readonly own: boolean;
  /** Name and range of each dependency. */
  readonly needs: readonly (readonly [name: string, range: string])[];
}

/** `yarn.lock`, of version 1 (its own format) and of berry (YAML). */
export const yarn: Extractor = {
  name: 'yarn',
  matches: (path) => fileName(path) === 'yarn.lock',
  extract(file) {
    const text = file.text();
    const entries = /^__metadata:/m.test(text) ? readBerry(text) : readClassic(text);
    const packages = new Map<string, ExtractedPackage>();
    const dependsOn = new Map<string, string[]>();
    const find = (name: string, range: string): Entry | undefined =>
      entries.get(`${name}@${range}`) ?? entries.get(`${name}@npm:${range}`);
    for (const entry of entries.values()) {
      const ref = `${entry.name}@${entry.version}`;
      packages.set(ref, toPackage(ref, entry));
      const targets = entry.needs.flatMap(([name, range]) => {
        const target = find(name, range);
        return target === undefined ? [] : [`${target.name}@${target.version}`];
      });
      dependsOn.set(ref, targets);
    }
    dependsOn.set('', directOf(file, find, packages, dependsOn));
    return { packages: [...packages.values()], dependsOn };
  },
};

function toPackage(ref: string, entry: Entry): ExtractedPackage {
  const slash = entry.name.startsWith('@') ? entry.name.indexOf('/') : -1;
  const hashes = integrityHashes(entry.integrity);
  return {
    ref,
    name: entry.name,
    version: entry.version,
    ...(entry.own
      ? { firstParty: true }
      : {
          purl: {
            type: 'npm',
            namespace: slash < 0 ? null : entry.name.slice(0, slash),
            name: entry.name.slice(slash + 1),
            version: entry.version,
          },
        }),
    ...(hashes.length === 0 ? {} : { hashes }),
  };
}

function directOf(
  file: SourceFile,
  find: (name: string, range: string) => Entry | undefined,
  packages: ReadonlyMap<string, ExtractedPackage>,
  dependsOn: ReadonlyMap<string, readonly string[]>,
): string[] {
  const own = [...packages.values()].filter((each) => each.firstParty).map((each) => each.ref);
  if (own.length > 0) return own;
  let manifest: JsonObject = {};
  try {
    manifest = objectOf(JSON.parse(file.sibling('package.json') ?? '{}'));
  } catch {
    // The roots of the graph stand in.
  }
  const direct = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((group) =>
    Object.entries(objectOf(manifest[group])).flatMap(([name, range]) => {
      const entry = find(name, String(range));
      return entry === undefined ? [] : [`${entry.name}@${entry.version}`];
    }),
  );
  if (direct.length > 0) return direct;
  const required = new Set([...dependsOn.values()].flat());
  return [...packages.keys()].filter((ref) => !required.has(ref));
}

/** Version 1: keys at the margin, fields at two spaces, dependencies at four. */
function readClassic(text: string): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const block of text.split(/\n(?=\S)/)) {
    const lines = block.split(/\r?\n/).filter((line) => !/^\s*(#|$)/.test(line));
    const [head, ...body] = lines;
    if (head === undefined || !head.endsWith(':')) continue;
    const keys = head
      .slice(0, -1)
      .split(',')
      .map((key) => unquote(key.trim()));
    const needs: [string, string][] = [];
    let version = '';
    let integrity: string | undefined;
    for (const line of body) {
      const [, indent = '', key = '', value = ''] = /^( +)("[^"]+"|[^\s"]+)\s*(.*)$/.exec(line) ?? [];
      if (indent.length === 2 && key === 'version') version = unquote(value);
      else if (indent.length === 2 && key === 'integrity') integrity = unquote(value);
      else if (indent.length === 4) needs.push([unquote(key), unquote(value)]);
    }
    const name = realName(keys[0] ?? '');
    if (name === '' || version === '') continue;
    for (const key of keys) entries.set(key, { name, version, integrity, own: false, needs });
  }
  if (entries.size === 0 && !text.includes('yarn lockfile')) throw new TypeError('is no lockfile of yarn');
  return entries;
}

function readBerry(text: string): ReadonlyMap<string, Entry> {
  const lock = objectOf(parseYaml(text, { schema: 'failsafe', maxAliasCount: 0, logLevel: 'error' }));
  const entries = new Map<string, Entry>();
  for (const [head, value] of Object.entries(lock)) {
    const entry = objectOf(value);
    const resolution = stringOf(entry['resolution']);
    const version = stringOf(entry['version']);
    if (resolution === undefined || version === undefined) continue;
    const needs = Object.entries(objectOf(entry['dependencies'])).map(
      ([name, range]) => [name, String(range)] as const,
    );
    const own = entry['linkType'] === 'soft';
    const name = realName(resolution);
    for (const key of head.split(','))
      entries.set(key.trim(), { name, version, integrity: undefined, own, needs });
  }
  return entries;
}

/** `a@npm:b@^1` is an alias of `b`; `@s/a@^1` keeps its scope. */
function realName(descriptor: string): string {
  const at = descriptor.indexOf('@', 1);
  if (at < 0) return descriptor;
  const alias = /^npm:((?:@[^/]+\/)?[^@]+)@/.exec(descriptor.slice(at + 1));
  return alias?.[1] ?? descriptor.slice(0, at);
}

function unquote(text: string): string {
  return text.replace(/^"(.*)"$/, '$1');
}
