const directives =
  /^#(?:(?:separator|set_separator|empty_field|unset_field|path|open|close|fields|types)(?![A-Za-z0-9_])|(?:Software|Version|Date|Start-Date|End-Date|Fields|Remark|Log-type|Time Format):)/;

/** Whether a line belongs to the header of a Zeek log or of a W3C extended log. */
export function isHeaderLine(line: string): boolean {
  return line.charCodeAt(0) === 35 && directives.test(line);
}

/** UTF-16 units of a whole header; one that is longer is no header. */
export const longestHeader = 16_384;
/** Of W3C's directives those that say how to read the lines. */
const telling = /^#(?:Software|Time Format):/;

/**
 * The header of one file, line by line as the file is read: Zeek's (`#separator` to `#types`) or that of a W3C extended
 * log (`#Fields:`, with what stands before it). A file may begin a new one in its middle, which then replaces the old;
 * between its first line and its last there is none.
 */
export class FileHeader {
  #lines: string[] = [];
  #whole = false;

  /** `held` of an earlier run. */
  constructor(held = '') {
    if (held !== '') for (const line of held.split('\n')) this.take(line);
  }

  /** What the file's lines are read by; empty where no header is known, or not all of it. */
  get columns(): string {
    return this.#whole ? this.held : '';
  }

  /** What was taken so far, whole or not, to go on from. */
  get held(): string {
    return this.#lines.join('\n');
  }

  /** Takes the next line of the file. False where it is no part of a header. */
  take(line: string): boolean {
    if (!isHeaderLine(line)) return false;
    if (line.startsWith('#separator ')) this.#begin(line);
    else if (/^#(?:Software|Version):/.test(line)) {
      if (this.#whole || this.#lines[0]?.startsWith('#separator ')) this.#begin();
      if (telling.test(line)) this.#add(line);
    } else if (telling.test(line)) {
      this.#add(line);
    } else if (line.startsWith('#Fields:')) {
      // Without a new beginning it replaces the last one and stays the same program's.
      this.#lines = this.#lines.filter((each) => telling.test(each));
      this.#add(line);
      this.#whole = this.#lines.length > 0;
    } else if (this.#lines[0]?.startsWith('#separator ') && !this.#whole) {
      if (/^#(?:open|close)/.test(line)) return true;
      this.#add(line);
      this.#whole = line.startsWith('#types') && this.#lines.length > 0;
    }
    return true;
  }

  #begin(...lines: readonly string[]): void {
    this.#lines = [...lines];
    this.#whole = false;
  }

  #add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.reduce((sum, each) => sum + each.length + 1, 0) > longestHeader) this.#begin();
  }
}
