import { crc32 } from 'node:zlib';

/**
 * The write-ahead segment is lines of JSON, so that DuckDB reads it as it is. Each group commit is one frame: a header
 * line with the checksum and the size of what follows, then one line for each event.
 *
 *     {"frame":1234567890,"bytes":420,"events":2}
 *     {"id":"...","time":...}
 *     {"id":"...","time":...}
 */
export function encodeFrame(texts: readonly string[], events: number): Buffer {
  // UTF-8 needs at most three bytes for a UTF-16 unit; most logs need one.
  const most = texts.reduce((sum, text) => sum + text.length, 0) * 3;
  const frame = Buffer.allocUnsafe(maxHeader + most);
  let end = maxHeader;
  for (const text of texts) end += frame.write(text, end, 'utf8');
  const body = frame.subarray(maxHeader, end);
  const header = `{"frame":${crc32(body)},"bytes":${body.length},"events":${events}}\n`;
  const start = maxHeader - header.length;
  frame.write(header, start, 'latin1');
  return frame.subarray(start, end);
}

const headerShape = /^\{"frame":(\d{1,10}),"bytes":(\d{1,10}),"events":(\d{1,8})\}$/;
const maxHeader = 80;
const headerStart = Buffer.from('{"frame":', 'latin1');
const lineFeed = 10;

/** One intact frame: where its lines are in the segment. */
export interface Frame {
  readonly start: number;
  readonly bodyStart: number;
  readonly end: number;
  readonly events: number;
}

export interface Scan {
  readonly frames: readonly Frame[];
  /** Stretches that are not intact frames. One that reaches the end of the segment is a torn tail. */
  readonly damage: readonly { readonly start: number; readonly end: number }[];
}

/** Finds the intact frames of a segment, also those behind a damaged one. */
export function scanFrames(segment: Buffer): Scan {
  const frames: Frame[] = [];
  const damage: { start: number; end: number }[] = [];
  let at = 0;
  let bad = -1;
  while (at < segment.length) {
    const frame = readFrame(segment, at);
    if (frame !== undefined) {
      if (bad >= 0) damage.push({ start: bad, end: at });
      bad = -1;
      frames.push(frame);
      at = frame.end;
    } else {
      if (bad < 0) bad = at;
      at = nextHeader(segment, at + 1);
    }
  }
  if (bad >= 0) damage.push({ start: bad, end: segment.length });
  return { frames, damage };
}

function readFrame(segment: Buffer, start: number): Frame | undefined {
  const headerEnd = segment.subarray(start, start + maxHeader).indexOf(lineFeed);
  if (headerEnd < 0) return undefined;
  const found = headerShape.exec(segment.toString('latin1', start, start + headerEnd));
  if (found === null) return undefined;
  const bodyStart = start + headerEnd + 1;
  const end = bodyStart + Number(found[2]);
  if (end > segment.length || crc32(segment.subarray(bodyStart, end)) !== Number(found[1])) return undefined;
  return { start, bodyStart, end, events: Number(found[3]) };
}

/**
 * Where the next thing that looks like a header begins; the segment's length when nothing does. It need not be at the
 * start of a line, because the line feed before it may be what was damaged. Events cannot pretend to be one: within a
 * line of JSON the quotes are escaped.
 */
function nextHeader(segment: Buffer, from: number): number {
  const at = segment.indexOf(headerStart, from);
  return at < 0 ? segment.length : at;
}
