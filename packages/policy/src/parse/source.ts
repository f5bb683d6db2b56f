import type { SourcePlace } from '../error.ts';

/** A named text with fast offset-to-place conversion. Offsets are UTF-16 units. */
export class Source {
  readonly file: string;
  readonly text: string;
  #lines: number[] | undefined;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  place(offset: number): SourcePlace {
    const lines = this.#lineStarts();
    let low = 0;
    let high = lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (lines[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { file: this.file, line: low + 1, column: offset - lines[low]! + 1 };
  }

  /** The reference engine counts UTF-8 bytes; this gives the UTF-16 offset of byte `bytes` counted from `from`. */
  offsetOfByte(bytes: number, from = 0): number {
    let left = bytes;
    let at = from;
    while (left > 0 && at < this.text.length) {
      const point = this.text.codePointAt(at)!;
      left -= point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
      at += point < 0x10000 ? 1 : 2;
    }
    return at;
  }

  #lineStarts(): number[] {
    if (this.#lines === undefined) {
      const lines = [0];
      for (let at = this.text.indexOf('\n'); at !== -1; at = this.text.indexOf('\n', at + 1))
        lines.push(at + 1);
      this.#lines = lines;
    }
    return this.#lines;
  }
}
