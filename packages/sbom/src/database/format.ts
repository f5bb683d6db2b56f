/**
 * The advisory database is one file, written once and then only read:
 *
 *     magic (8 bytes)
 *     blocks          zstd frames of about 64 KiB of JSON lines each: advisories and then packages, both by package
 *     block table     for each block: offset (u48), packed and unpacked length (u32 each), little-endian
 *     package index   sorted by hash: 8 bytes of `keyHash`, block (u32), offset in the unpacked block (u32)
 *     id index        the same for advisory ids and aliases
 *     footer          JSON, see `Footer`
 *     footer length (u32), file length (u48), SHA-256 of everything before it (32 bytes), end magic (8 bytes)
 *
 * The end magic and the file length tell a file that was cut short; the digest tells every other change, and is the
 * name that proofs give to the database.
 */
export const magic = Buffer.from('KYDAIAD2');
export const endMagic = Buffer.from('2DAIADYK');
export const hashProbe = 'npm\0kydai';
export const trailerLength = 4 + 6 + 32 + 8;
export const indexEntry = 16;
export const tableEntry = 14;
export const blockTarget = 64 * 1024;

export interface Section {
  readonly offset: number;
  readonly length: number;
}

export interface Footer {
  readonly format: 2;
  /** `keyHash` of `hashProbe` in hex: an index that was made with another hash would find nothing, and look clean. */
  readonly probe: string;
  /** Epoch milliseconds. */
  readonly imported: number;
  readonly advisories: number;
  readonly packages: number;
  /** Number of advisories by base ecosystem. */
  readonly ecosystems: Readonly<Record<string, number>>;
  /** RFC 3339 time of the newest record. */
  readonly newest: string;
  readonly knownExploited: { readonly catalog: string; readonly listed: number; readonly matched: number };
  /** Day of the EPSS scores and how many advisories have one; absent where none were imported. */
  readonly exploitPrediction?: { readonly date: string; readonly scored: number };
  readonly withdrawn: number;
  readonly table: Section;
  readonly packageIndex: Section;
  readonly idIndex: Section;
}

/** A place in the unpacked data. */
export interface Location {
  readonly block: number;
  readonly offset: number;
}

/** One advisory's word on one package, as a package line holds it. */
export interface PackedAffected {
  /** Where the advisory is. */
  readonly at: readonly [block: number, offset: number];
  /** Type and events of each range. */
  readonly r?: readonly (readonly [
    type: 'S' | 'E',
    events: readonly (readonly [kind: string, version: string])[],
  ])[];
  readonly v?: readonly string[];
  /** Only commits are named. */
  readonly g?: 1;
}

export interface PackedPackage {
  readonly key: string;
  readonly ecosystem: string;
  readonly name: string;
  readonly affected: readonly PackedAffected[];
}
