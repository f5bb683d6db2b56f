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

/**
 * Eight bytes to sort and find a key by: two runs of FNV-1a with different seeds, each mixed at the end. Two keys with one
 * hash do no harm, for the line that is found names its key.
 */
export function keyHash(key: string): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeUInt32BE(fold32(key, 0x811c9dc5), 0);
  bytes.writeUInt32BE(fold32(key, 0x3c6ef372), 4);
  return bytes;
}

function fold32(key: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
