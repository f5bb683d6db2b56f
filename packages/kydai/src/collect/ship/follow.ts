import { createHash } from 'node:crypto';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** How far a file was shipped. `head` tells a file from another one that took its inode, or its place. */
export interface Position {
  readonly ino: number;
  readonly offset: number;
  /** SHA-256 of the first bytes (as many as `headBytes`), hex. */
  readonly head: string;
  readonly headBytes: number;
  /** The header that the file's lines from here on are read by (`FileHeader.held`), where it has one. */
  readonly header?: string | undefined;
}

/** Lines that were read, and the position that is right once they are acknowledged. */
export interface Lines {
  readonly lines: readonly string[];
  /** Where each line begins in the file, bytes. */
  readonly offsets: readonly number[];
  readonly position: Position;
  /** Bytes in the file now. */
  readonly size: number;
}

const chunkBytes = 1024 * 1024;
const mostHead = 256;
const firstBytes = 64 * 1024;
/** A line beyond this is cut there; the collector takes no longer one. */
const lineBytes = 512 * 1024;
const nothing = createHash('sha256').digest('hex');
/** Nobody adds to a last line any more who did not for so long, milliseconds. */
const restMs = 1000;

/**
 * Follows one file through rotation (rename and create, copy and truncate) and truncation. A rotated file is read to its
 * end before the new one is begun, also when it was rotated while nobody followed.
 */
export class FileFollower {
  readonly path: string;
  #handle: FileHandle | undefined;
  #ino = 0;
  #offset = 0;
  #head = nothing;
  #headBytes = 0;
  #known: Position | undefined;
  #unread: string | undefined;

  /** `known`: where an earlier run stopped. */
  constructor(path: string, known: Position | undefined) {
    this.path = path;
    this.#known = known;
  }

  /** The next lines; undefined where there are none now. */
  async next(): Promise<Lines | undefined> {
    this.#handle ??= await this.#open();
    if (this.#handle === undefined) return undefined;
    const { size } = await this.#handle.stat();
    // Truncated, or truncated and written again beyond where we were: it begins anew.
    if (size < this.#offset || (await digest(this.#handle, this.#headBytes)) !== this.#head) this.#offset = 0;
    const chunk = Buffer.alloc(Math.min(chunkBytes, size - this.#offset));
    const { bytesRead } = await this.#handle.read(chunk, 0, chunk.length, this.#offset);
    const read = chunk.subarray(0, bytesRead);
    const end = read.lastIndexOf(10) + 1;
    if (end > 0) return this.#take(read.subarray(0, end), end);
    // No whole line. One that is too long is taken in pieces; of a file that has ended, the rest is its last line.
    if (read.length >= lineBytes) return this.#take(read, read.length);
    if (!(await this.#hasEnded(size))) return undefined;
    const last = read.length > 0 ? await this.#take(read, read.length) : undefined;
    await this.close();
    this.#known = undefined;
    return last ?? this.next();
  }

  /** Why the file cannot be read, as the system's code: `ENOENT`, `EACCES`, `EISDIR`; undefined where it can. */
  get unread(): string | undefined {
    return this.#unread;
  }

  /** What is there now, also a last line that has no end: for who reads the file once. */
  async last(): Promise<Lines | undefined> {
    for (let seen = -1; ; ) {
      const read = await this.next();
      if (read !== undefined || this.#handle === undefined) return read;
      const { size } = await this.#handle.stat();
      if (size <= this.#offset) return undefined;
      if (size === seen) {
        const rest = Buffer.alloc(size - this.#offset);
        const { bytesRead } = await this.#handle.read(rest, 0, rest.length, this.#offset);
        return this.#take(rest.subarray(0, bytesRead), bytesRead);
      }
      seen = size;
      await delay(restMs);
    }
  }

  /** The beginning of the file that is being followed, as far as `offset` and at most 64 KB of it. */
  async beginning(offset: number): Promise<string> {
    const bytes = Buffer.alloc(Math.min(firstBytes, offset));
    const read = await this.#handle?.read(bytes, 0, bytes.length, 0);
    return bytes.toString('utf8', 0, read?.bytesRead ?? 0).replaceAll('\r\n', '\n');
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #take(bytes: Buffer, length: number): Promise<Lines> {
    const lines: string[] = [];
    const offsets: number[] = [];
    for (let begin = 0; begin < bytes.length; ) {
      const newline = bytes.indexOf(10, begin);
      const end = newline === -1 ? bytes.length : newline;
      const text = bytes.toString('utf8', begin, bytes[end - 1] === 13 && end > begin ? end - 1 : end);
      for (let at = 0; at < text.length; at += lineBytes) {
        lines.push(text.slice(at, at + lineBytes));
        offsets.push(this.#offset + begin + at);
      }
      begin = end + 1;
    }
    this.#offset += length;
    await this.#remember();
    const position = { ino: this.#ino, offset: this.#offset, head: this.#head, headBytes: this.#headBytes };
    const { size } = await this.#handle!.stat();
    return { lines, offsets, position, size };
  }

  async #remember(): Promise<void> {
    this.#headBytes = Math.min(mostHead, this.#offset);
    this.#head = await digest(this.#handle!, this.#headBytes);
  }

  /** True where another file stands at the path, and nothing more was written to this one. */
  async #hasEnded(size: number): Promise<boolean> {
    const there = await stat(this.path).catch(() => undefined);
    if (there === undefined || there.ino === this.#ino) return false;
    return (await this.#handle!.stat()).size === size;
  }

  async #open(): Promise<FileHandle | undefined> {
    const known = this.#known;
    this.#known = undefined;
    for (const path of known === undefined ? [] : [this.path, ...(await this.#siblings(known.ino))]) {
      const handle = await this.#reach(path);
      if (handle === undefined) continue;
      const { ino, size } = await handle.stat();
      const same = ino === known!.ino && size >= known!.offset;
      if (same && (await digest(handle, known!.headBytes)) === known!.head) {
        this.#ino = ino;
        this.#offset = known!.offset;
        this.#head = known!.head;
        this.#headBytes = known!.headBytes;
        return handle;
      }
      await handle.close();
    }
    const handle = await this.#reach(this.path);
    if (handle === undefined) {
      this.#known = known;
      return undefined;
    }
    this.#ino = (await handle.stat()).ino;
    this.#offset = 0;
    this.#head = nothing;
    this.#headBytes = 0;
    return handle;
  }

  /** Opens what is a file: a folder cannot be read, and a pipe or a device has no places to come back to. */
  async #reach(path: string): Promise<FileHandle | undefined> {
    try {
      const found = await stat(path);
      this.#unread = found.isFile() ? undefined : found.isDirectory() ? 'EISDIR' : 'no regular file';
      return found.isFile() ? await open(path) : undefined;
    } catch (error) {
      this.#unread = (error as NodeJS.ErrnoException).code ?? 'unknown';
      return undefined;
    }
  }

  /** What the file may be called since it was rotated: `app.log.1`, `app.log-20261121`. */
  async #siblings(ino: number): Promise<readonly string[]> {
    const folder = dirname(this.path);
    const names = (await readdir(folder).catch(() => [])).filter((name) =>
      name.startsWith(basename(this.path)),
    );
    const found: string[] = [];
    for (const name of names.slice(0, 1000)) {
      const path = join(folder, name);
      if ((await stat(path).catch(() => undefined))?.ino === ino) found.push(path);
    }
    return found;
  }
}

async function digest(handle: FileHandle, length: number): Promise<string> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await handle.read(bytes, 0, length, 0);
  return createHash('sha256').update(bytes.subarray(0, bytesRead)).digest('hex');
}
