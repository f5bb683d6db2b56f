import { crc32 } from 'node:zlib';

/**
 * A write-ahead segment is a row of frames. A frame holds the records (`record.ts`) of one append:
 *
 *     marker   8 bytes   the segment's own, which its file's name tells
 *     crc      uint32    CRC-32 of all that follows
 *     words    uint32    32-bit words of the records, which come first in the body
 *     text     uint32    bytes of UTF-8 behind them, before padding to a multiple of eight
 *     events   uint32
 *     body
 *
 * All numbers are little-endian. The marker is random: an event cannot hold what looks like a frame of its segment, so
 * that after damage the next frame is found with certainty. In an encrypted segment the body is sealed, and 32 bytes
 * longer.
 */
export const frameHeader = 24;

export interface FrameShape {
  readonly words: number;
  readonly text: number;
  readonly events: number;
}

/** Bytes of a frame on disk. */
export function frameBytes({ words, text }: FrameShape): number {
  return frameHeader + words * 4 + Math.ceil(text / 8) * 8;
}

/** Completes a frame, but for its marker, whose body is in place behind the room for its header. */
export function finishFrame(frame: Buffer, { words, text, events }: FrameShape): void {
  frame.fill(0, 0, 8);
  frame.writeUInt32LE(words, 12);
  frame.writeUInt32LE(text, 16);
  frame.writeUInt32LE(events, 20);
  writeChecksum(frame);
}

export function writeChecksum(frame: Buffer): void {
  frame.writeUInt32LE(crc32(frame.subarray(12)), 8);
}

/** Makes a frame one of a segment's. */
export function markFrame(frame: Buffer, marker: Buffer): void {
  marker.copy(frame, 0, 0, 8);
}

/** The shape of a frame that was made here. */
export function frameShape(frame: Buffer): FrameShape {
  return {
    words: frame.readUInt32LE(12),
    text: frame.readUInt32LE(16),
    events: frame.readUInt32LE(20),
  };
}

/** One intact frame: where it is in the segment. */
export interface Frame extends FrameShape {
  readonly start: number;
  readonly end: number;
}

export interface Scan {
  readonly frames: readonly Frame[];
  /** Stretches that are not intact frames. One that reaches the end of the segment is a torn tail. */
  readonly damage: readonly { readonly start: number; readonly end: number }[];
}

/** Finds the intact frames of a segment, also those behind a damaged one. `extra` is what sealing added to each. */
export function scanFrames(segment: Buffer, marker: Buffer, extra = 0): Scan {
  const frames: Frame[] = [];
  const damage: { start: number; end: number }[] = [];
  let at = 0;
  let bad = -1;
  while (at < segment.length) {
    const frame = readFrame(segment, at, marker, extra);
    if (frame !== undefined) {
      if (bad >= 0) damage.push({ start: bad, end: at });
      bad = -1;
      frames.push(frame);
      at = frame.end;
    } else {
      if (bad < 0) bad = at;
      const next = segment.indexOf(marker, at + 1);
      at = next < 0 ? segment.length : next;
    }
  }
  if (bad >= 0) damage.push({ start: bad, end: segment.length });
  return { frames, damage };
}

function readFrame(segment: Buffer, start: number, marker: Buffer, extra: number): Frame | undefined {
  if (segment.length - start < frameHeader || segment.compare(marker, 0, 8, start, start + 8) !== 0)
    return undefined;
  const shape = frameShape(segment.subarray(start, start + frameHeader));
  const end = start + frameBytes(shape) + extra;
  if (end > segment.length) return undefined;
  if (crc32(segment.subarray(start + 12, end)) !== segment.readUInt32LE(start + 8)) return undefined;
  return { ...shape, start, end };
}
