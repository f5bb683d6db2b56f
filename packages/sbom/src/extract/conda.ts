import {
  arrayOf,
  type ExtractedPackage,
  type Extractor,
  objectOf,
  parseJsonObject,
  stringOf,
} from './extraction.ts';

/** What conda writes for each package that it has installed: `conda-meta/NAME-VERSION-BUILD.json`. */
export const conda: Extractor = {
  name: 'conda',
  matches: (path) => /(^|\/)conda-meta\/[^/]+\.json$/.test(path),
  extract(file) {
    const record = parseJsonObject(file);
    const name = stringOf(record['name']);
    const version = stringOf(record['version']);
    if (name === undefined || version === undefined) throw new TypeError('names no package and version');
    const channel = stringOf(record['channel'])
      ?.replace(/\/+(linux|osx|win|noarch)[^/]*\/?$/, '')
      .split('/')
      .at(-1);
    const qualifiers = Object.fromEntries(
      [
        ['build', stringOf(record['build'])],
        ['channel', channel],
        ['subdir', stringOf(record['subdir'])],
      ].filter((pair): pair is [string, string] => pair[1] !== undefined),
    );
    const license = stringOf(record['license']);
    const sha256 = stringOf(record['sha256']);
    const packages: ExtractedPackage[] = [
      {
        ref: name,
        name,
        version,
        purl: { type: 'conda', name, version, qualifiers },
        ...(license === undefined ? {} : { licenses: [license] }),
        ...(sha256 === undefined ? {} : { hashes: [{ alg: 'SHA-256', content: sha256 }] }),
      },
    ];
    return { packages, dependsOn: new Map() };
  },
};

/** `conda-lock.yml`, version 1: every package of every platform. */
export const condaLock: Extractor = {
  name: 'conda-lock',
  matches: (path) => /(^|\/)conda-lock\.ya?ml$/.test(path),
  async extract(file) {
    const { parse } = await import('yaml');
    const document: unknown = parse(file.text(), {
      schema: 'failsafe',
      maxAliasCount: 0,
      logLevel: 'error',
    });
    const packages = arrayOf(objectOf(document)['package']).flatMap((value): ExtractedPackage[] => {
      const entry = objectOf(value);
      const name = stringOf(entry['name']);
      const version = stringOf(entry['version']);
      if (name === undefined || version === undefined) return [];
      const type = entry['manager'] === 'pip' ? 'pypi' : 'conda';
      return [{ ref: `${type}:${name}@${version}`, name, version, purl: { type, name, version } }];
    });
    if (packages.length === 0) throw new TypeError('names no package');
    return { packages, dependsOn: new Map() };
  },
};
