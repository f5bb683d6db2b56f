import { isAscii, isUtf8 } from 'node:buffer';

/** What is wrong with a frame that is kept all the same. */
export type FrameFault = string | undefined;

/** Takes one frame; false where there is no room now, and the splitter then stops and keeps the rest. */
export type FrameSink = (text: string, bytes: number, fault: FrameFault) => boolean;

const newline = 10;
const space = 32;
const lessThan = 60;

/**
 * Cuts a byte stream into syslog frames (RFC 6587): octet-counted (`123 <34>...`) and newline-terminated frames, also
 * mixed in one stream. A frame is taken as octet-counted only when digits and a space are followed by `<`, so that
 * plain text which begins with a number is not.
 *
 * INVARIANT: it holds at most one frame of `lineBytes` plus one chunk, whatever the sender does.
 */
export class FrameSplitter {
  readonly #lineBytes: number;
  readonly #frameBytes: number;
  #rest: Buffer = Buffer.alloc(0);
  #ascii = true;
  /** Bytes of a frame whose beginning was kept and whose remainder is thrown away: a count, or up to a newline. */
  #skip = 0;
  #skipLine = false;
  #skipped = 0;

  constructor(lineBytes: number, frameBytes: number) {
    this.#lineBytes = lineBytes;
    this.#frameBytes = frameBytes;
  }

  /**
   * Reads a chunk. `full`: the sink took no more; call `read` with an empty chunk when there is room. `endless`: the
   * sender exceeded `frameBytes` in one frame; end the connection.
   */
  read(chunk: Buffer, sink: FrameSink): 'more' | 'full' | 'endless' {
    let buffer = chunk;
    if (this.#rest.length > 0) {
      buffer = chunk.length === 0 ? this.#rest : Buffer.concat([this.#rest, chunk]);
      if (chunk.length > 0 && this.#ascii) this.#ascii = isAscii(chunk);
    } else if (chunk.length > 0) {
      this.#ascii = isAscii(chunk);
    }
    const length = buffer.length;
    let at = 0;
    let state: 'more' | 'full' | 'endless' = 'more';
    while (at < length) {
      if (this.#skip > 0 || this.#skipLine) {
        const next = this.#passOver(buffer, at);
        if (this.#skipped > this.#frameBytes) {
          state = 'endless';
          at = length;
          break;
        }
        at = next;
        continue;
      }
      const first = buffer[at]!;
      if (first === newline || first === 13 || first === 0) {
        at++;
        continue;
      }
      const counted = first >= 49 && first <= 57 ? this.#readCount(buffer, at) : -1;
      if (counted === -2) break;
      let start = at;
      let end: number;
      let next: number;
      let fault: FrameFault;
      if (counted >= 0) {
        start = this.#countEnd;
        const whole = start + counted;
        end = Math.min(whole, start + this.#lineBytes);
        if (end > length) break;
        next = end;
        if (end < whole) fault = `line is longer than ${this.#lineBytes} bytes and was cut`;
      } else {
        const found = buffer.indexOf(newline, at);
        const limit = start + this.#lineBytes;
        if (found < 0 && length < limit) break;
        end = found < 0 || found > limit ? limit : found;
        next = end;
        if (found < 0 || found > limit) fault = `line is longer than ${this.#lineBytes} bytes and was cut`;
      }
      if (!this.#emit(buffer, start, end, fault, sink)) {
        state = 'full';
        break;
      }
      at = next;
      if (fault !== undefined) {
        this.#skipped = 0;
        if (counted >= 0) this.#skip = start + counted - end;
        else this.#skipLine = true;
      }
    }
    this.#rest = at < length ? (at === 0 ? buffer : Buffer.from(buffer.subarray(at))) : Buffer.alloc(0);
    if (this.#rest.length === 0) this.#ascii = true;
    return state;
  }

  /** The sender closed: what is left is a frame without its end. */
  end(sink: FrameSink): boolean {
    const rest = this.#rest;
    if (rest.length === 0 || this.#skipLine || this.#skip > 0) return true;
    const counted = rest[0]! >= 49 && rest[0]! <= 57 ? this.#readCount(rest, 0) : -1;
    const start = counted >= 0 ? this.#countEnd : 0;
    const fault =
      counted >= 0 ? `frame was cut off after ${rest.length - start} of ${counted} bytes` : undefined;
    if (start < rest.length && !this.#emit(rest, start, rest.length, fault, sink)) return false;
    this.#rest = Buffer.alloc(0);
    return true;
  }

  /** Bytes that wait for the rest of their frame, or for room. */
  get held(): number {
    return this.#rest.length;
  }

  #countEnd = 0;

  /** The octet count at `at` (RFC 6587 section 3.4.1), -1 where there is none, -2 where more bytes are needed. */
  #readCount(buffer: Buffer, at: number): number {
    let value = 0;
    let cursor = at;
    const limit = Math.min(buffer.length, at + 10);
    while (cursor < limit) {
      const code = buffer[cursor]!;
      if (code === space) {
        if (cursor + 1 >= buffer.length) return -2;
        if (buffer[cursor + 1] !== lessThan) return -1;
        this.#countEnd = cursor + 1;
        return value;
      }
      if (code < 48 || code > 57) return -1;
      value = value * 10 + code - 48;
      cursor++;
    }
    return cursor < at + 10 ? -2 : -1;
  }

  #passOver(buffer: Buffer, at: number): number {
    if (this.#skip > 0) {
      const passed = Math.min(this.#skip, buffer.length - at);
      this.#skip -= passed;
      this.#skipped += passed;
      return at + passed;
    }
    const found = buffer.indexOf(newline, at);
    this.#skipped += (found < 0 ? buffer.length : found) - at;
    if (found < 0) return buffer.length;
    this.#skipLine = false;
    return found + 1;
  }

  #emit(buffer: Buffer, start: number, end: number, fault: FrameFault, sink: FrameSink): boolean {
    let stop = end;
    while (
      stop > start &&
      (buffer[stop - 1] === 13 || buffer[stop - 1] === newline || buffer[stop - 1] === 0)
    )
      stop--;
    if (stop === start) return true;
    if (this.#ascii) {
      const text = buffer.toString('latin1', start, stop);
      return text.includes('\0')
        ? sink(text.replaceAll('\0', '\u2400'), stop - start, join(fault, nulFault))
        : sink(text, stop - start, fault);
    }
    const bytes = buffer.subarray(start, stop);
    const read = decodeFrame(bytes);
    return sink(read.text, bytes.length, join(fault, read.fault));
  }
}

const nulFault = 'line holds NUL bytes';

function join(first: FrameFault, second: FrameFault): FrameFault {
  return first === undefined ? second : second === undefined ? first : `${first}; ${second}`;
}

/** The bytes of one frame as text: invalid UTF-8 becomes U+FFFD and NUL becomes U+2400, both flagged. */
export function decodeFrame(bytes: Uint8Array): { text: string; fault: FrameFault } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = buffer.toString('utf8');
  let fault: FrameFault;
  if (!isUtf8(buffer)) fault = 'line is not valid UTF-8';
  if (text.includes('\0')) {
    text = text.replaceAll('\0', '\u2400');
    fault = join(fault, nulFault);
  }
  return { text, fault };
}
