import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import {
  blockTarget,
  endMagic,
  type Footer,
  hashProbe,
  type Location,
  magic,
  type Section,
  tableEntry,
} from './format.ts';
import type { IndexBuilder } from './index-builder.ts';
import { keyHash } from './key.ts';

const level = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };

/**
 * Writes a database file beside its place and moves it there when it is complete and on the disk.
 *
 * INVARIANT: at the final path there is always either the old file or the whole new one.
 */
export class DatabaseWriter {
  readonly #path: string;
  readonly #temporary: string;
  readonly #handle: number;
  readonly #hash = createHash('sha256');
  readonly #table: [offset: number, packed: number, unpacked: number][] = [];
  #at = 0;
  #lines: Buffer[] = [];
  #pending = 0;
  #closed = false;

  constructor(path: string) {
    this.#path = path;
    this.#temporary = `${path}.${process.pid}.tmp`;
    this.#handle = openSync(this.#temporary, 'w', 0o644);
    this.#write(magic);
  }

  /** Adds one line of JSON and says where it is. */
  line(json: string): Location {
    const bytes = Buffer.from(`${json}\n`);
    const location = { block: this.#table.length, offset: this.#pending };
    this.#lines.push(bytes);
    this.#pending += bytes.length;
    if (this.#pending >= blockTarget) this.endBlock();
    return location;
  }

  endBlock(): void {
    if (this.#pending === 0) return;
    const packed = zstdCompressSync(Buffer.concat(this.#lines), level);
    this.#table.push([this.#at, packed.length, this.#pending]);
    this.#write(packed);
    this.#lines = [];
    this.#pending = 0;
  }

  /** Writes the indexes, the footer and the digest, and puts the file in its place. Returns the digest in hex. */
  finish(
    packages: IndexBuilder,
    ids: IndexBuilder,
    footer: Omit<Footer, 'table' | 'packageIndex' | 'idIndex' | 'format' | 'probe'>,
  ): { digest: string; bytes: number } {
    this.endBlock();
    const table = Buffer.alloc(this.#table.length * tableEntry);
    for (const [i, [offset, packed, unpacked]] of this.#table.entries()) {
      table.writeUIntLE(offset, i * tableEntry, 6);
      table.writeUInt32LE(packed, i * tableEntry + 6);
      table.writeUInt32LE(unpacked, i * tableEntry + 10);
    }
    const sections = {
      table: this.#section(table),
      packageIndex: this.#section(packages.sorted()),
      idIndex: this.#section(ids.sorted()),
    };
    const text = Buffer.from(
      JSON.stringify({
        format: 2,
        probe: keyHash(hashProbe).toString('hex'),
        ...footer,
        ...sections,
      } satisfies Footer),
    );
    this.#write(text);
    const tail = Buffer.alloc(10);
    tail.writeUInt32LE(text.length, 0);
    tail.writeUIntLE(this.#at + 10 + 32 + endMagic.length, 4, 6);
    this.#write(tail);
    const digest = this.#hash.digest();
    writeAll(this.#handle, digest);
    writeAll(this.#handle, endMagic);
    fsyncSync(this.#handle);
    this.#close();
    renameSync(this.#temporary, this.#path);
    syncFolder(dirname(this.#path));
    return { digest: digest.toString('hex'), bytes: this.#at + 32 + endMagic.length };
  }

  /** Removes what was written, if it was not finished. */
  abandon(): void {
    if (this.#closed) return;
    this.#close();
    rmSync(this.#temporary, { force: true });
  }

  #section(bytes: Buffer): Section {
    const offset = this.#at;
    this.#write(bytes);
    return { offset, length: bytes.length };
  }

  #write(bytes: Buffer): void {
    writeAll(this.#handle, bytes);
    this.#hash.update(bytes);
    this.#at += bytes.length;
  }

  #close(): void {
    closeSync(this.#handle);
    this.#closed = true;
  }
}

function writeAll(handle: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
}

/** Makes the rename itself durable; some file systems do not let a folder be opened, and then it cannot be. */
function syncFolder(folder: string): void {
  let handle: number | undefined;
  try {
    handle = openSync(folder, 'r');
    fsyncSync(handle);
  } catch {
    // Nothing more can be done here, and the file itself is complete.
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}
