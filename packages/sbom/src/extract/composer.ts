import {
  arrayOf,
  type ExtractedPackage,
  type Extractor,
  fileName,
  type JsonObject,
  objectOf,
  parseJsonObject,
  stringOf,
} from './extraction.ts';

/** `composer.lock` (getcomposer.org). */
export const composer: Extractor = {
  name: 'composer',
  matches: (path) => fileName(path) === 'composer.lock',
  extract(file) {
    const lock = parseJsonObject(file);
    if (!Array.isArray(lock['packages'])) throw new TypeError('has no `packages`');
    const main = arrayOf(lock['packages']).map(objectOf);
    const development = arrayOf(lock['packages-dev']).map(objectOf);
    const dependsOn = new Map<string, readonly string[]>();
    const packages: ExtractedPackage[] = [];
    const add = (entry: JsonObject, more: Partial<ExtractedPackage>) => {
      const name = stringOf(entry['name'])?.toLowerCase();
      if (name === undefined) return;
      const version = stringOf(entry['version']);
      const [vendor, ...rest] = name.split('/');
      const shasum = stringOf(objectOf(entry['dist'])['shasum']);
      const licenses = arrayOf(entry['license']).flatMap((each) => stringOf(each) ?? []);
      packages.push({
        ref: name,
        name,
        ...(version === undefined ? {} : { version }),
        purl: {
          type: 'composer',
          namespace: rest.length > 0 ? vendor! : null,
          name: rest.join('/') || name,
          version: version ?? null,
        },
        ...(licenses.length > 0
          ? { licenses: licenses.length > 1 ? [`(${licenses.join(' OR ')})`] : licenses }
          : {}),
        ...(shasum !== undefined && /^[0-9a-f]{40}$/.test(shasum)
          ? { hashes: [{ alg: 'SHA-1', content: shasum }] }
          : {}),
        ...more,
      });
      dependsOn.set(
        name,
        Object.keys(objectOf(entry['require'])).map((each) => each.toLowerCase()),
      );
    };
    for (const entry of main) add(entry, {});
    for (const entry of development) add(entry, { development: true });
    const manifest = readManifest(file.sibling('composer.json'));
    const required = new Set([...dependsOn.values()].flat());
    const roots = packages.map((each) => each.ref).filter((ref) => !required.has(ref));
    const direct = ['require', 'require-dev'].flatMap((group) => Object.keys(objectOf(manifest[group])));
    dependsOn.set('', direct.length > 0 ? direct.map((each) => each.toLowerCase()) : roots);
    const name = stringOf(manifest['name']);
    return { packages, dependsOn, ...(name === undefined ? {} : { project: { name } }) };
  },
};

function readManifest(text: string | undefined): JsonObject {
  try {
    return objectOf(JSON.parse(text ?? '{}'));
  } catch {
    return {};
  }
}
