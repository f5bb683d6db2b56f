import {
  arrayOf,
  type ExtractedPackage,
  type Extractor,
  isObject,
  parseJsonObject,
  stringOf,
} from './extraction.ts';

/** `make show-info` of Buildroot: each package with version, licences and what it depends on. */
export const buildrootInfo: Extractor = {
  name: 'buildroot-show-info',
  matches: (path) => /(^|\/)show-info\.json$/.test(path),
  extract(file) {
    const packages: ExtractedPackage[] = [];
    const dependsOn = new Map<string, readonly string[]>();
    for (const [name, value] of Object.entries(parseJsonObject(file))) {
      // Host packages build the image and are not in it; virtual ones are only names.
      if (!isObject(value) || value['type'] === 'host' || value['virtual'] === true) continue;
      const version = stringOf(value['version']);
      packages.push(packageOf(name, version, stringOf(value['licenses'])));
      dependsOn.set(
        name,
        arrayOf(value['dependencies']).flatMap((each) => stringOf(each) ?? []),
      );
    }
    if (packages.length === 0) throw new TypeError('names no package of a target');
    dependsOn.set(
      '',
      packages.map((each) => each.ref),
    );
    return { packages, dependsOn };
  },
};

/** `legal-info/manifest.csv` of Buildroot. */
export const buildrootManifest: Extractor = {
  name: 'buildroot-legal-info',
  matches: (path) => /(^|\/)legal-info\/manifest\.csv$/.test(path),
  extract(file) {
    const [head = [], ...rows] = csvRows(file.text());
    const at = (name: string) => head.indexOf(name);
    if (at('PACKAGE') < 0 || at('VERSION') < 0) throw new TypeError('is no manifest of buildroot');
    const packages = rows.flatMap((row) => {
      const name = row[at('PACKAGE')] ?? '';
      return name === '' ? [] : [packageOf(name, row[at('VERSION')], row[at('LICENSE')])];
    });
    return { packages, dependsOn: new Map() };
  },
};

function packageOf(
  name: string,
  version: string | undefined,
  licences: string | undefined,
): ExtractedPackage {
  const pinned = version === undefined || version === '' ? {} : { version };
  const declared = (licences ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  return {
    ref: name,
    name,
    ...pinned,
    purl: { type: 'generic', namespace: 'buildroot', name, ...pinned },
    ...(declared.length === 0 ? {} : { licenses: declared }),
  };
}

/** RFC 4180: quotes protect commas, and are doubled inside. */
function csvRows(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain = '', end = ''] of text.matchAll(
    /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g,
  )) {
    rows.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end !== ',') rows.push([]);
  }
  return rows.filter((row) => row.some((cell) => cell !== ''));
}
