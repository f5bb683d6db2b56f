import type { PackageUrl } from '../purl/purl.ts';

/** Where a package is looked up: the OSV ecosystem, with its release for distributions, and the name there. */
export interface Coordinates {
  readonly ecosystem: string;
  readonly name: string;
  readonly version: string | null;
}

/** Why a package URL leads to no ecosystem. */
export interface NoCoordinates {
  readonly reason: 'unknown-ecosystem' | 'no-release';
  readonly detail: string;
}

/** How OSV names each package type's ecosystem, and how it joins namespace and name. */
const types: ReadonlyMap<string, readonly [ecosystem: string, separator: string]> = new Map([
  ['npm', ['npm', '/']],
  ['pypi', ['PyPI', '/']],
  ['golang', ['Go', '/']],
  ['cargo', ['crates.io', '/']],
  ['maven', ['Maven', ':']],
  ['gem', ['RubyGems', '/']],
  ['composer', ['Packagist', '/']],
  ['nuget', ['NuGet', '/']],
  ['pub', ['Pub', '/']],
  ['hex', ['Hex', '/']],
  ['cran', ['CRAN', '/']],
  ['hackage', ['Hackage', '/']],
  ['swift', ['SwiftURL', '/']],
  ['bitnami', ['Bitnami', '/']],
  ['julia', ['Julia', '/']],
  ['vscode-extension', ['VSCode', '/']],
  ['githubactions', ['GitHub Actions', '/']],
]);

/** Translates a package URL. For distributions the `distro` qualifier gives the release, `upstream` the source package. */
export function coordinatesOf(purl: PackageUrl): Coordinates | NoCoordinates {
  const known = types.get(purl.type);
  if (known !== undefined) {
    const [ecosystem, separator] = known;
    const name = purl.namespace === null ? purl.name : `${purl.namespace}${separator}${purl.name}`;
    return { ecosystem, name, version: purl.version };
  }
  if (purl.type === 'deb' || purl.type === 'apk' || purl.type === 'rpm') return distribution(purl);
  return { reason: 'unknown-ecosystem', detail: `no advisories are kept for the type \`${purl.type}\`` };
}

function distribution(purl: PackageUrl): Coordinates | NoCoordinates {
  const distro = purl.qualifiers?.['distro'] ?? '';
  const [, id = '', release = ''] = /^([a-z_ -]*?)-?v?(\d[\w.]*)?$/i.exec(distro) ?? [];
  const vendor = purl.namespace ?? id;
  const ecosystem = distributionEcosystem(vendor, release);
  if (ecosystem === undefined) {
    return {
      reason: 'unknown-ecosystem',
      detail: `no advisories are kept for the distribution \`${vendor}\``,
    };
  }
  if (ecosystem === '') {
    return { reason: 'no-release', detail: 'the package url names no release (qualifier `distro`)' };
  }
  const upstream = (purl.qualifiers?.['upstream'] ?? purl.qualifiers?.['source'] ?? '').split('@')[0];
  const epoch = purl.qualifiers?.['epoch'];
  const version = purl.version !== null && epoch !== undefined ? `${epoch}:${purl.version}` : purl.version;
  return { ecosystem, name: upstream || purl.name, version };
}

/** Undefined for an unknown vendor, empty where the release is missing. */
function distributionEcosystem(vendor: string, release: string): string | undefined {
  const [major = '', minor = ''] = release.split('.');
  const prefix = (name: string, part: string) => (part === '' ? '' : `${name}:${part}`);
  switch (vendor) {
    case 'debian':
      return prefix('Debian', major);
    case 'ubuntu':
      // Canonical supports the April releases of even years for long.
      return prefix(
        'Ubuntu',
        release && (minor === '04' && Number(major) % 2 === 0 ? `${release}:LTS` : release),
      );
    case 'alpine':
      return prefix('Alpine', major && `v${major}.${minor || '0'}`);
    case 'wolfi':
      return 'Wolfi';
    case 'chainguard':
      return 'Chainguard';
    case 'almalinux':
      return prefix('AlmaLinux', major);
    case 'rocky':
    case 'rocky-linux':
      return prefix('Rocky Linux', major);
    case 'redhat':
      return prefix('Red Hat', major && `enterprise_linux:${major}`);
    default:
      return undefined;
  }
}
