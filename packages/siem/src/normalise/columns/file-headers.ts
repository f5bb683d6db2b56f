import { FileHeader } from './file-header.ts';

/** The header of one file as it is kept over a restart. */
export interface KeptHeader {
  /** Who sends the file, and which it is. */
  readonly origin: string;
  readonly file: string;
  readonly header: string;
}

interface File {
  readonly header: FileHeader;
  /** Where in the file the header's last line begins, bytes; NaN where the shipper does not say. */
  offset: number;
}

/** One sender's files, the most recently used last. */
interface Origin {
  readonly files: Map<string, File>;
  /** UTF-16 units of their headers and names. */
  units: number;
}

const most = { origins: 512, unitsPerOrigin: 131_072, name: 1024, changes: 1000 };
/** What keeping a file costs besides its header. */
const overhead = 256;

/**
 * The headers of files that come line by line, from shippers that do not say with each line how it is read. They are
 * kept by sender and file, so that no sender changes how another's lines are read.
 *
 * INVARIANT: bounded, whatever senders do: 512 of them, each with 128 Ki units of headers; the one longest unused gives
 * way, and its lines are then raw with a reason until the next header.
 */
export class FileHeaders {
  readonly #origins = new Map<string, Origin>();
  readonly #changed = new Map<string, KeptHeader>();

  constructor(kept: readonly KeptHeader[] = []) {
    for (const { origin, file, header } of kept) {
      for (const line of header.split('\n')) this.take(origin, file, line, Number.NaN);
    }
    this.#changed.clear();
  }

  /** Whether anything is known of a sender's files: all others need no look. */
  has(origin: string): boolean {
    return this.#origins.size > 0 && this.#origins.has(origin);
  }

  /** Takes a line of a header. `offset`: where it begins in the file, NaN where that is not known. */
  take(origin: string, name: string, line: string, offset: number): void {
    if (name.length > most.name) return;
    const known = this.#used(origin);
    const file = known.files.get(name) ?? { header: new FileHeader(), offset };
    const before = known.files.has(name) ? costOf(name, file) : 0;
    const was = file.header.columns;
    file.header.take(line);
    file.offset = offset;
    known.units += costOf(name, file) - before;
    known.files.delete(name);
    known.files.set(name, file);
    for (const [other, old] of known.files) {
      if (known.units <= most.unitsPerOrigin) break;
      known.units -= costOf(other, old);
      known.files.delete(other);
    }
    const { columns } = file.header;
    if (columns === '' || columns === was) return;
    this.#changed.set(`${origin}\0${name}`, { origin, file: name, header: columns });
    if (this.#changed.size > most.changes) this.#changed.delete(this.#changed.keys().next().value!);
  }

  /** How a line that begins at `offset` is read; empty where no whole header before it is known. */
  columns(origin: string, name: string, offset: number): string {
    const known = this.#origins.get(origin);
    const file = known?.files.get(name);
    if (known === undefined || file === undefined) return '';
    known.files.delete(name);
    known.files.set(name, file);
    return file.offset > offset ? '' : file.header.columns;
  }

  /** The headers that are new since this was called last, for whoever keeps them. */
  changes(): readonly KeptHeader[] {
    const changed = [...this.#changed.values()];
    this.#changed.clear();
    return changed;
  }

  #used(origin: string): Origin {
    const known = this.#origins.get(origin) ?? { files: new Map<string, File>(), units: 0 };
    this.#origins.delete(origin);
    this.#origins.set(origin, known);
    if (this.#origins.size > most.origins) this.#origins.delete(this.#origins.keys().next().value!);
    return known;
  }
}

function costOf(name: string, { header }: File): number {
  return name.length + header.held.length + overhead;
}
