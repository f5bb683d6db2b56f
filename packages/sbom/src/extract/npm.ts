import {
  type ExtractedPackage,
  type Extraction,
  type Extractor,
  fileName,
  isObject,
  type JsonObject,
  objectOf,
  parseJsonObject,
  stringOf,
} from './extraction.ts';

/** npm's `package-lock.json` and `npm-shrinkwrap.json`, lockfile versions 1 to 3 (docs.npmjs.com, package-lock-json). */
export const npm: Extractor = {
  name: 'npm',
  matches: (path) => /^(package-lock|npm-shrinkwrap)\.json$/.test(fileName(path)),
  extract(file) {
    const lock = parseJsonObject(file);
    if (isObject(lock['packages'])) return fromPackages(lock, lock['packages']);
    if (isObject(lock['dependencies'])) return fromTree(lock, file.sibling('package.json'));
    // A project without any dependency has neither.
    if (lock['lockfileVersion'] !== undefined) return { packages: [], dependsOn: new Map() };
    throw new TypeError('has neither `packages` nor `dependencies`');
  },
};

const maxDepth = 200;

/** Versions 2 and 3: a flat list by install path. */
function fromPackages(lock: JsonObject, entries: JsonObject): Extraction {
  const packages: ExtractedPackage[] = [];
  const dependsOn = new Map<string, readonly string[]>();
  const root = objectOf(entries['']);
  for (const [path, value] of Object.entries(entries)) {
    const entry = objectOf(value);
    if (entry['link'] === true) continue;
    dependsOn.set(path, resolveAll(entries, path, entry));
    if (path !== '') packages.push(packageAt(path, entry));
  }
  // Workspace members hang from the project, as npm installs them.
  const members = packages.filter((each) => each.firstParty).map((each) => each.ref);
  dependsOn.set('', [...(dependsOn.get('') ?? []), ...members]);
  const name = stringOf(root['name']) ?? stringOf(lock['name']);
  const version = stringOf(root['version']) ?? stringOf(lock['version']);
  return {
    packages,
    dependsOn,
    project: { ...(name === undefined ? {} : { name }), ...(version === undefined ? {} : { version }) },
  };
}

function packageAt(path: string, entry: JsonObject): ExtractedPackage {
  const marker = path.lastIndexOf('node_modules/');
  const installed = marker >= 0;
  // `name` is there where it differs from the folder: an alias, or a workspace member.
  const name =
    stringOf(entry['name']) ?? (installed ? path.slice(marker + 'node_modules/'.length) : fileName(path));
  return npmPackage(path, name, entry, { firstParty: !installed });
}

interface Traits {
  readonly firstParty?: boolean;
}

function npmPackage(ref: string, name: string, entry: JsonObject, traits: Traits = {}): ExtractedPackage {
  const version = stringOf(entry['version']);
  const resolved = stringOf(entry['resolved']) ?? '';
  const git = /^(git[+:@]|github:)/.test(resolved) || /^(git[+:]|github:)/.test(version ?? '');
  const slash = name.startsWith('@') ? name.indexOf('/') : -1;
  const licenses = licensesOf(entry['license'] ?? entry['licenses']);
  const hashes = integrityHashes(stringOf(entry['integrity']));
  return {
    ref,
    name,
    ...(version === undefined ? {} : { version }),
    ...(traits.firstParty
      ? { firstParty: true }
      : {
          purl: {
            type: 'npm',
            namespace: slash < 0 ? null : name.slice(0, slash),
            name: slash < 0 ? name : name.slice(slash + 1),
            version: version ?? null,
            qualifiers: git ? { vcs_url: resolved || (version ?? '') } : null,
          },
        }),
    ...(entry['dev'] === true || entry['devOptional'] === true ? { development: true } : {}),
    ...(entry['optional'] === true || entry['devOptional'] === true ? { optional: true } : {}),
    ...(licenses.length === 0 ? {} : { licenses }),
    ...(hashes.length === 0 ? {} : { hashes }),
  };
}

function resolveAll(entries: JsonObject, from: string, entry: JsonObject): readonly string[] {
  const found = new Set<string>();
  const groups = ['dependencies', 'optionalDependencies', 'peerDependencies'];
  // Development dependencies are installed for the project and its workspace members only.
  if (!from.includes('node_modules/')) groups.push('devDependencies');
  for (const group of groups) {
    for (const name of Object.keys(objectOf(entry[group]))) {
      const target = resolve(entries, from, name);
      if (target !== undefined) found.add(target);
    }
  }
  return [...found];
}

/** Node's own search: the folder, then each folder above it. Links lead to the workspace member. */
function resolve(entries: JsonObject, from: string, name: string): string | undefined {
  let base = from;
  for (let depth = 0; depth < maxDepth; depth += 1) {
    const path = base === '' ? `node_modules/${name}` : `${base}/node_modules/${name}`;
    if (Object.hasOwn(entries, path)) {
      const entry = objectOf(entries[path]);
      if (entry['link'] !== true) return path;
      const target = stringOf(entry['resolved']);
      return target !== undefined && Object.hasOwn(entries, target) ? target : undefined;
    }
    if (base === '') return undefined;
    const nested = base.lastIndexOf('/node_modules/');
    if (nested >= 0) base = base.slice(0, nested);
    else if (base.startsWith('node_modules/')) base = '';
    else base = base.includes('/') ? base.slice(0, base.lastIndexOf('/')) : '';
  }
  return undefined;
}

/** Version 1: a tree of `dependencies`, each with `requires`. */
function fromTree(lock: JsonObject, manifestText: string | undefined): Extraction {
  const packages: ExtractedPackage[] = [];
  const dependsOn = new Map<string, readonly string[]>();
  const entries = new Map<string, JsonObject>();
  const open: [string, JsonObject, number][] = [['', lock, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [path, node, depth] = next;
    if (depth > maxDepth) throw new RangeError(`nests deeper than ${maxDepth}`);
    for (const [name, value] of Object.entries(objectOf(node['dependencies']))) {
      const below = path === '' ? `node_modules/${name}` : `${path}/node_modules/${name}`;
      entries.set(below, objectOf(value));
      open.push([below, objectOf(value), depth + 1]);
    }
  }
  const lookUp = Object.fromEntries(entries);
  for (const [path, entry] of entries) {
    const alias = /^npm:(.+)@([^@]+)$/.exec(stringOf(entry['version']) ?? '');
    const name = alias?.[1] ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    packages.push(npmPackage(path, name, alias === null ? entry : { ...entry, version: alias[2] }));
    const required = Object.keys(objectOf(entry['requires']));
    dependsOn.set(
      path,
      required.flatMap((each) => resolve(lookUp, path, each) ?? []),
    );
  }
  dependsOn.set('', directOf(lookUp, dependsOn, manifestText));
  const name = stringOf(lock['name']);
  const version = stringOf(lock['version']);
  return {
    packages,
    dependsOn,
    project: { ...(name === undefined ? {} : { name }), ...(version === undefined ? {} : { version }) },
  };
}

/** Version 1 does not say what is direct: the manifest does, and without one, what nothing else requires. */
function directOf(
  entries: JsonObject,
  dependsOn: ReadonlyMap<string, readonly string[]>,
  manifestText: string | undefined,
): readonly string[] {
  if (manifestText !== undefined) {
    try {
      return resolveAll(entries, '', objectOf(JSON.parse(manifestText)));
    } catch {
      // A broken manifest beside a readable lock: fall back to the shape of the graph.
    }
  }
  const required = new Set([...dependsOn.values()].flat());
  return Object.keys(entries).filter(
    (path) => !required.has(path) && path.split('node_modules/').length === 2,
  );
}

/** `license: "MIT"`, `{ type }`, or a list of either. */
function licensesOf(value: unknown): readonly string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.flatMap((each) => stringOf(each) ?? stringOf(objectOf(each)['type']) ?? []);
}

const algorithms = new Map([
  ['sha1', 'SHA-1'],
  ['sha256', 'SHA-256'],
  ['sha384', 'SHA-384'],
  ['sha512', 'SHA-512'],
  ['md5', 'MD5'],
]);
const digestLength = new Map([
  ['SHA-1', 40],
  ['SHA-256', 64],
  ['SHA-384', 96],
  ['SHA-512', 128],
  ['MD5', 32],
]);

/** Subresource Integrity text to hex digests; what is malformed is left out. */
export function integrityHashes(integrity: string | undefined): { alg: string; content: string }[] {
  const hashes: { alg: string; content: string }[] = [];
  for (const each of (integrity ?? '').split(/\s+/)) {
    const dash = each.indexOf('-');
    const alg = algorithms.get(each.slice(0, dash));
    if (alg === undefined) continue;
    const content = Buffer.from(each.slice(dash + 1).split('?')[0] ?? '', 'base64').toString('hex');
    if (content.length === digestLength.get(alg)) hashes.push({ alg, content });
  }
  return hashes;
}
