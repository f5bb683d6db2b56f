import { parse as parseToml } from 'smol-toml';
import {
  arrayOf,
  type ExtractedPackage,
  type Extractor,
  fileName,
  objectOf,
  stringOf,
} from './extraction.ts';

/** `Cargo.lock`, versions 1 to 4 (doc.rust-lang.org/cargo). A package without a source is the workspace's own. */
export const cargo: Extractor = {
  name: 'cargo',
  matches: (path) => fileName(path) === 'Cargo.lock',
  extract(file) {
    const list = arrayOf(objectOf(parseToml(file.text()))['package']).map(objectOf);
    const packages: ExtractedPackage[] = [];
    const dependsOn = new Map<string, string[]>();
    const byName = Map.groupBy(list, (entry) => stringOf(entry['name']) ?? '');
    for (const entry of list) {
      const name = stringOf(entry['name']);
      const version = stringOf(entry['version']);
      if (name === undefined || version === undefined) continue;
      const source = stringOf(entry['source']);
      const checksum = stringOf(entry['checksum']);
      packages.push({
        ref: `${name} ${version}`,
        name,
        version,
        ...(source === undefined
          ? { firstParty: true }
          : {
              purl: {
                type: 'cargo',
                name,
                version,
                qualifiers: source.startsWith('git+') ? { vcs_url: source } : null,
              },
            }),
        ...(checksum !== undefined && /^[0-9a-f]{64}$/.test(checksum)
          ? { hashes: [{ alg: 'SHA-256', content: checksum }] }
          : {}),
      });
      const targets = arrayOf(entry['dependencies']).flatMap((each) => {
        const [dependency = '', wanted] = String(each).split(' ');
        const found = wanted ?? stringOf(byName.get(dependency)?.[0]?.['version']);
        return found === undefined ? [] : [`${dependency} ${found}`];
      });
      dependsOn.set(`${name} ${version}`, targets);
    }
    const own = packages.filter((each) => each.firstParty);
    dependsOn.set('', own.length > 0 ? own.map((each) => each.ref) : packages.map((each) => each.ref));
    const [root] = own;
    return {
      packages,
      dependsOn,
      ...(own.length === 1 ? { project: { name: root!.name, version: root!.version! } } : {}),
    };
  },
};
