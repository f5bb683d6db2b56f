import { type ExtractedPackage, type Extractor, fileName, type SourceFile } from './extraction.ts';

/** What a root file system says of itself in `os-release`. */
interface Distribution {
  readonly id: string;
  readonly version: string;
}

function distributionOf(file: SourceFile): Distribution {
  const up = '../'.repeat(file.path.split('/').length - 1 - (rootDepth(file.path) ?? 0));
  const text = file.sibling(`${up}etc/os-release`) ?? file.sibling(`${up}usr/lib/os-release`) ?? '';
  const value = (key: string) => new RegExp(`^${key}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  return { id: value('ID').toLowerCase(), version: value('VERSION_ID') };
}

/** How many folders lie above the root file system that this database belongs to. */
function rootDepth(path: string): number | undefined {
  const at = path.search(/(^|\/)(var\/lib\/dpkg|lib\/apk|usr\/lib\/(apk|opkg)|var\/lib\/opkg)\//);
  return at < 0
    ? undefined
    : path
        .slice(0, at)
        .split('/')
        .filter((part) => part !== '').length;
}

/** Debian's `/var/lib/dpkg/status` and the one file a package of distroless images. */
export const dpkg: Extractor = {
  name: 'dpkg',
  matches: (path) => /(^|\/)var\/lib\/dpkg\/(status|status\.d\/[^/.]+)$/.test(path),
  extract: (file) => fromParagraphs(file, 'deb', 'debian'),
};

/** OpenWrt's `/usr/lib/opkg/status`. */
export const opkg: Extractor = {
  name: 'opkg',
  matches: (path) => /(^|\/)(usr|var)\/lib\/opkg\/status$/.test(path),
  extract: (file) => fromParagraphs(file, 'opkg', 'openwrt'),
};

function fromParagraphs(file: SourceFile, type: 'deb' | 'opkg', vendor: string) {
  const distribution = distributionOf(file);
  const namespace = distribution.id || vendor;
  const distro = distribution.version === '' ? undefined : `${namespace}-${distribution.version}`;
  const packages: ExtractedPackage[] = [];
  const dependsOn = new Map<string, string[]>();
  for (const paragraph of file.text().split(/\r?\n\r?\n/)) {
    const value = (key: string) => new RegExp(`^${key}:[ \\t]*(.*)$`, 'm').exec(paragraph)?.[1]?.trim() ?? '';
    const name = value('Package');
    const version = value('Version');
    const status = value('Status');
    if (name === '' || version === '' || (status !== '' && !/\binstalled$/.test(status))) continue;
    const upstream = value('Source').replace(/\s*\((.*)\)$/, '@$1');
    const qualifiers = {
      ...(value('Architecture') === '' ? {} : { arch: value('Architecture') }),
      ...(distro === undefined ? {} : { distro }),
      ...(upstream === '' ? {} : { upstream }),
    };
    packages.push({ ref: name, name, version, purl: { type, namespace, name, version, qualifiers } });
    const needs = `${value('Pre-Depends')},${value('Depends')}`.split(',').flatMap((group) => {
      const [first = ''] = group.split('|');
      return /^\s*([^\s:(]+)/.exec(first)?.[1] ?? [];
    });
    dependsOn.set(name, needs);
  }
  // Everything installed is there on its own account.
  dependsOn.set(
    '',
    packages.map((each) => each.ref),
  );
  return { packages, dependsOn };
}

/** Alpine's `/lib/apk/db/installed`: one-letter fields, packages parted by empty lines. */
export const apk: Extractor = {
  name: 'apk',
  matches: (path) => /(^|\/)(usr\/)?lib\/apk\/db\/installed$/.test(path),
  extract(file) {
    const distribution = distributionOf(file);
    const namespace = distribution.id || 'alpine';
    const packages: ExtractedPackage[] = [];
    for (const paragraph of file.text().split(/\n\n/)) {
      const value = (key: string) => new RegExp(`^${key}:(.*)$`, 'm').exec(paragraph)?.[1]?.trim() ?? '';
      const name = value('P');
      const version = value('V');
      if (name === '' || version === '') continue;
      const qualifiers = {
        ...(value('A') === '' ? {} : { arch: value('A') }),
        ...(distribution.version === '' ? {} : { distro: `${namespace}-${distribution.version}` }),
        ...(value('o') === '' || value('o') === name ? {} : { upstream: value('o') }),
      };
      packages.push({
        ref: name,
        name,
        version,
        purl: { type: 'apk', namespace, name, version, qualifiers },
        ...(value('L') === '' ? {} : { licenses: [value('L')] }),
      });
    }
    return { packages, dependsOn: new Map() };
  },
};

/** The manifest that an OpenWrt build writes beside its image: `name - version`. */
export const openwrt: Extractor = {
  name: 'openwrt-manifest',
  matches: (path) => /(^|\/)openwrt-[^/]*\.manifest$/.test(path) || fileName(path) === 'openwrt.manifest',
  extract(file) {
    const packages = file
      .text()
      .split(/\r?\n/)
      .flatMap((line): ExtractedPackage[] => {
        const [, name, version] = /^(\S+) - (\S+)$/.exec(line.trim()) ?? [];
        if (name === undefined || version === undefined) return [];
        return [{ ref: name, name, version, purl: { type: 'opkg', namespace: 'openwrt', name, version } }];
      });
    if (packages.length === 0) throw new TypeError('is no manifest of openwrt');
    return { packages, dependsOn: new Map() };
  },
};
