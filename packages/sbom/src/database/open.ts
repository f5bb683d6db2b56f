import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { zstdDecompressSync } from 'node:zlib';
import { SbomError } from '../error.ts';
import type { Advisory, AdvisoryRange, AffectedPackage, RangeEvent } from './advisory.ts';
import {
  endMagic,
  type Footer,
  hashProbe,
  indexEntry,
  magic,
  type PackedAffected,
  type PackedPackage,
  type Section,
  tableEntry,
  trailerLength,
} from './format.ts';
import { keyHash, packageKey } from './key.ts';

/** What the database says of one package: each advisory with its word on it. */
export interface AdvisoryMatch {
  readonly advisory: Advisory;
  readonly affected: AffectedPackage;
}

export interface DatabaseInfo {
  /** SHA-256 over the file's content, hex. */
  readonly digest: string;
  readonly file: string;
  readonly bytes: number;
  readonly imported: number;
  readonly advisories: number;
  readonly packages: number;
  readonly ecosystems: Readonly<Record<string, number>>;
  readonly newest: string;
  readonly knownExploited: Footer['knownExploited'];
  readonly exploitPrediction?: Footer['exploitPrediction'];
}

/** An open database. Reads from the file as it is asked; only the package index is held in memory. */
export interface AdvisoryDatabase {
  readonly info: DatabaseInfo;
  /** Every advisory on a package, by OSV ecosystem (with its release) and name; empty where there is none. */
  lookup(ecosystem: string, name: string): readonly AdvisoryMatch[];
  /** Advisories with this id or alias. */
  byId(id: string): readonly Advisory[];
  close(): void;
}

const maxFooter = 16 * 1024 * 1024;
const unpackedLimit = 256 * 1024 * 1024;

/**
 * Opens a database and checks that it is whole.
 *
 * @throws SbomError `database-missing`, `database-empty`, `database-format`, `database-truncated`, `database-digest`
 */
export function openAdvisories(file: string): AdvisoryDatabase {
  let handle: number;
  try {
    handle = openSync(file, 'r');
  } catch (error) {
    throw new SbomError(
      'database-missing',
      `no advisory database at \`${file}\`; run \`kydai sbom db import\``,
      {
        cause: error,
      },
    );
  }
  try {
    const { footer, digest, bytes } = readChecked(file, handle);
    return new FileDatabase(file, handle, footer, digest, bytes);
  } catch (error) {
    closeSync(handle);
    throw error;
  }
}

function readChecked(file: string, handle: number): { footer: Footer; digest: string; bytes: number } {
  const stat = fstatSync(handle);
  if (!stat.isFile()) throw new SbomError('database-format', `\`${file}\` is not a plain file`);
  const bytes = stat.size;
  if (bytes === 0)
    throw new SbomError('database-empty', `advisory database \`${file}\` has no bytes; import again`);
  const start = read(handle, 0, Math.min(bytes, magic.length));
  if (!magic.subarray(0, start.length).equals(start)) {
    throw new SbomError(
      'database-format',
      `\`${file}\` is not an advisory database of this program; import again`,
    );
  }
  const cut = () =>
    new SbomError(
      'database-truncated',
      `advisory database \`${file}\` is incomplete (${bytes} bytes); import again`,
    );
  if (bytes < magic.length + trailerLength) throw cut();
  const trailer = read(handle, bytes - trailerLength, trailerLength);
  const wrongEnd = !trailer.subarray(trailerLength - endMagic.length).equals(endMagic);
  if (wrongEnd || trailer.readUIntLE(4, 6) !== bytes) throw cut();
  const digest = digestOf(handle, bytes - 32 - endMagic.length);
  if (digest !== trailer.toString('hex', 10, 42)) {
    throw new SbomError(
      'database-digest',
      `advisory database \`${file}\` was changed or damaged; import again`,
    );
  }
  const length = trailer.readUInt32LE(0);
  if (length > maxFooter || length > bytes - trailerLength) throw cut();
  const footer = JSON.parse(read(handle, bytes - trailerLength - length, length).toString('utf8')) as Footer;
  if (footer.format !== 2 || footer.probe !== keyHash(hashProbe).toString('hex')) {
    throw new SbomError(
      'database-format',
      `\`${file}\` has a format that this program does not read; import again`,
    );
  }
  if (footer.advisories === 0) {
    throw new SbomError('database-empty', `advisory database \`${file}\` holds no advisory; import some`);
  }
  return { footer, digest, bytes };
}

function digestOf(handle: number, length: number): string {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(1 << 20);
  for (let at = 0; at < length; ) {
    const count = readSync(handle, chunk, 0, Math.min(chunk.length, length - at), at);
    if (count === 0) break;
    hash.update(chunk.subarray(0, count));
    at += count;
  }
  return hash.digest('hex');
}

function read(handle: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  while (at < length) {
    const count = readSync(handle, bytes, at, length - at, offset + at);
    if (count === 0)
      throw new SbomError('database-truncated', 'the advisory database ended early; import again');
    at += count;
  }
  return bytes;
}

class FileDatabase implements AdvisoryDatabase {
  readonly info: DatabaseInfo;
  readonly #handle: number;
  readonly #footer: Footer;
  readonly #table: Buffer;
  readonly #packages: Buffer;
  #ids: Buffer | undefined;
  /** The blocks read last; components come sorted by name, advisories lie together by source. */
  readonly #blocks = new Map<number, Buffer>();
  readonly #advisories = new Map<number, Advisory>();

  constructor(file: string, handle: number, footer: Footer, digest: string, bytes: number) {
    this.#handle = handle;
    this.#footer = footer;
    this.#table = this.#section(footer.table);
    this.#packages = this.#section(footer.packageIndex);
    const { imported, advisories, packages, ecosystems, newest, knownExploited, exploitPrediction } = footer;
    this.info = {
      ...{ digest, file, bytes, imported, advisories, packages, ecosystems, newest, knownExploited },
      ...(exploitPrediction === undefined ? {} : { exploitPrediction }),
    };
  }

  lookup(ecosystem: string, name: string): readonly AdvisoryMatch[] {
    const key = packageKey(ecosystem, name);
    for (const [block, offset] of find(this.#packages, keyHash(key))) {
      const found = JSON.parse(this.#line(block, offset)) as PackedPackage;
      if (found.key !== key) continue;
      const load = (at: PackedAffected['at']) => this.#advisory(at[0], at[1]);
      return found.affected.map((affected) => ({
        // Most matches turn out not to affect the version at hand: those never read their advisory.
        get advisory() {
          return load(affected.at);
        },
        affected: unpack(found, affected),
      }));
    }
    return [];
  }

  byId(id: string): readonly Advisory[] {
    this.#ids ??= this.#section(this.#footer.idIndex);
    const found = find(this.#ids, keyHash(id)).map(([block, offset]) => this.#advisory(block, offset));
    return found.filter((advisory) => advisory.id === id || advisory.aliases.includes(id));
  }

  close(): void {
    closeSync(this.#handle);
  }

  #section(section: Section): Buffer {
    return read(this.#handle, section.offset, section.length);
  }

  #advisory(block: number, offset: number): Advisory {
    const key = block * 2 ** 26 + offset;
    let advisory = this.#advisories.get(key);
    if (advisory === undefined) {
      advisory = JSON.parse(this.#line(block, offset)) as Advisory;
      this.#advisories.set(key, advisory);
    }
    return advisory;
  }

  #line(block: number, offset: number): string {
    const bytes = this.#block(block);
    return bytes.toString('utf8', offset, bytes.indexOf(10, offset));
  }

  #block(number: number): Buffer {
    const known = this.#blocks.get(number);
    if (known !== undefined) return known;
    const at = number * tableEntry;
    const packed = read(this.#handle, this.#table.readUIntLE(at, 6), this.#table.readUInt32LE(at + 6));
    const length = this.#table.readUInt32LE(at + 10);
    if (length > unpackedLimit)
      throw new SbomError('database-format', 'the advisory database has a wrong block');
    // One chunk of the very size: nothing is joined or copied afterwards.
    const bytes = zstdDecompressSync(packed, { maxOutputLength: length, chunkSize: Math.max(64, length) });
    if (this.#blocks.size >= 32) this.#blocks.delete(this.#blocks.keys().next().value!);
    this.#blocks.set(number, bytes);
    return bytes;
  }
}

/** Every location whose hash is this one, by binary search. */
function find(index: Buffer, hash: Buffer): readonly (readonly [block: number, offset: number])[] {
  const first = hash.readUInt32BE(0);
  const second = hash.readUInt32BE(4);
  const isBefore = (at: number) => {
    const start = index.readUInt32BE(at);
    return start < first || (start === first && index.readUInt32BE(at + 4) < second);
  };
  let low = 0;
  let high = index.length / indexEntry;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(middle * indexEntry)) low = middle + 1;
    else high = middle;
  }
  const found: (readonly [number, number])[] = [];
  for (let at = low * indexEntry; at < index.length; at += indexEntry) {
    if (index.readUInt32BE(at) !== first || index.readUInt32BE(at + 4) !== second) break;
    found.push([index.readUInt32LE(at + 8), index.readUInt32LE(at + 12)]);
  }
  return found;
}

function unpack(found: PackedPackage, packed: PackedAffected): AffectedPackage {
  const ranges: AdvisoryRange[] = (packed.r ?? []).map(([type, events]) => ({
    type: type === 'S' ? 'SEMVER' : 'ECOSYSTEM',
    events: events as readonly RangeEvent[],
  }));
  return {
    ecosystem: found.ecosystem,
    name: found.name,
    ranges,
    versions: packed.v ?? [],
    gitOnly: packed.g === 1,
  };
}
