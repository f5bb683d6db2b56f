import {
  type ExtractedPackage,
  type Extractor,
  fileName,
  isObject,
  objectOf,
  parseJsonObject,
  stringOf,
} from './extraction.ts';

/** NuGet's `packages.lock.json`: one graph for each target framework. */
export const nuget: Extractor = {
  name: 'nuget',
  matches: (path) => /^packages(\..+)?\.lock\.json$/.test(fileName(path)),
  extract(file) {
    const lock = parseJsonObject(file);
    if (!isObject(lock['dependencies'])) throw new TypeError('has no `dependencies`');
    const packages = new Map<string, ExtractedPackage>();
    const dependsOn = new Map<string, string[]>([['', []]]);
    for (const framework of Object.values(lock['dependencies'])) {
      const entries = Object.entries(objectOf(framework)).map(
        ([name, value]) => [name, objectOf(value)] as const,
      );
      const refs = new Map(
        entries.map(([name, entry]) => [name.toLowerCase(), refOf(name, stringOf(entry['resolved']))]),
      );
      for (const [name, entry] of entries) {
        const version = stringOf(entry['resolved']);
        const ref = refOf(name, version);
        const own = entry['type'] === 'Project';
        const hash = Buffer.from(stringOf(entry['contentHash']) ?? '', 'base64').toString('hex');
        packages.set(ref, {
          ref,
          name,
          ...(version === undefined ? {} : { version }),
          ...(own ? { firstParty: true } : { purl: { type: 'nuget', name, version: version ?? null } }),
          ...(hash.length === 128 ? { hashes: [{ alg: 'SHA-512', content: hash }] } : {}),
        });
        const targets = Object.keys(objectOf(entry['dependencies'])).flatMap(
          (each) => refs.get(each.toLowerCase()) ?? [],
        );
        dependsOn.set(ref, [...(dependsOn.get(ref) ?? []), ...targets]);
        if (entry['type'] === 'Direct' || own) dependsOn.get('')!.push(ref);
      }
    }
    return { packages: [...packages.values()], dependsOn };
  },
};

function refOf(name: string, version: string | undefined): string {
  return `${name.toLowerCase()} ${version ?? ''}`;
}
