import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';

const flushAt = 1 << 20;

/** Text set aside on the disk while an import runs, so that memory does not grow with the input. */
export class Spool {
  readonly #path: string;
  readonly #handle: number;
  #chunks: Buffer[] = [];
  #pending = 0;
  #written = 0;

  constructor(path: string) {
    this.#path = path;
    this.#handle = openSync(path, 'w+', 0o600);
  }

  add(text: string): readonly [offset: number, length: number] {
    const bytes = Buffer.from(text);
    const offset = this.#written + this.#pending;
    this.#chunks.push(bytes);
    this.#pending += bytes.length;
    if (this.#pending >= flushAt) this.#flush();
    return [offset, bytes.length];
  }

  read([offset, length]: readonly [offset: number, length: number]): string {
    this.#flush();
    const bytes = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; ) {
      const count = readSync(this.#handle, bytes, at, length - at, offset + at);
      if (count === 0) throw new Error('the spool ended early');
      at += count;
    }
    return bytes.toString('utf8');
  }

  close(): void {
    closeSync(this.#handle);
    rmSync(this.#path, { force: true });
  }

  #flush(): void {
    if (this.#pending === 0) return;
    const bytes = Buffer.concat(this.#chunks);
    for (let at = 0; at < bytes.length; )
      at += writeSync(this.#handle, bytes, at, bytes.length - at, this.#written + at);
    this.#written += bytes.length;
    this.#chunks = [];
    this.#pending = 0;
  }
}
