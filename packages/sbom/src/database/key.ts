import { hash } from 'node:crypto';

/** Registries that hold spellings to be the same package; the others tell every character apart. */
const folds: ReadonlyMap<string, (name: string) => string> = new Map([
  // PEP 503.
  ['PyPI', (name) => name.toLowerCase().replace(/[-_.]+/g, '-')],
  ['Go', lower],
  ['NuGet', lower],
  ['Packagist', lower],
  ['Hex', lower],
  ['Pub', lower],
  ['GitHub Actions', lower],
  ['VSCode', lower],
  ['SwiftURL', (name) => name.toLowerCase().replace(/\.git$/, '')],
  ['crates.io', (name) => name.toLowerCase().replaceAll('_', '-')],
]);

function lower(name: string): string {
  return name.toLowerCase();
}

/** What stands before the colon: `Debian:12` is of the ecosystem `Debian`. */
export function baseEcosystem(ecosystem: string): string {
  const colon = ecosystem.indexOf(':');
  return colon < 0 ? ecosystem : ecosystem.slice(0, colon);
}

/** The name under which the database keeps a package. */
export function packageKey(ecosystem: string, name: string): string {
  const fold = folds.get(baseEcosystem(ecosystem));
  return `${ecosystem}\0${fold === undefined ? name : fold(name)}`;
}

/** Eight bytes of SHA-256, as the index holds them. */
export function keyHash(key: string): Buffer {
  return hash('sha256', key, 'buffer').subarray(0, 8);
}
