import { randomBytes } from 'node:crypto';
import { StoreError } from '../error.ts';
import { type Frame, frameBytes, frameHeader, type Scan, scanFrames, writeChecksum } from './frame.ts';
import { type Box, type Seal, sealBytes } from './seal.ts';

const shape = /^(\d{10})\.([0-9a-f]{16})\.(wal|sealed)$/;
/** What sealing adds to a frame, with its padding. */
const sealedExtra = Math.ceil(sealBytes / 8) * 8;

export interface SegmentName {
  readonly name: string;
  readonly number: number;
  /** With what each frame of the segment begins. It is in the name, where no flipped bit can make it unreadable. */
  readonly marker: Buffer;
  readonly encrypted: boolean;
}

export function newSegment(number: number, encrypted: boolean): SegmentName {
  const marker = randomBytes(8);
  const name = `${String(number).padStart(10, '0')}.${marker.toString('hex')}.${encrypted ? 'sealed' : 'wal'}`;
  return { name, number, marker, encrypted };
}

/** Undefined for what is not the name of a segment. */
export function readSegmentName(name: string): SegmentName | undefined {
  const found = shape.exec(name);
  if (found === null) return undefined;
  const marker = Buffer.from(found[2]!, 'hex');
  return { name, number: Number(found[1]), marker, encrypted: found[3] === 'sealed' };
}

/** The segments among the names of a folder, oldest first. */
export function segmentsIn(names: readonly string[]): readonly SegmentName[] {
  return names
    .map(readSegmentName)
    .filter((name) => name !== undefined)
    .sort((a, b) => a.number - b.number);
}

/** A frame as an encrypted segment holds it. */
export function sealFrame(frame: Buffer, box: Box): Buffer {
  const sealed = Buffer.alloc(frame.length + sealedExtra);
  frame.copy(sealed, 0, 0, frameHeader);
  box.seal(frame.subarray(frameHeader)).copy(sealed, frameHeader);
  writeChecksum(sealed);
  return sealed;
}

/** What is in a segment. */
export interface SegmentContent {
  /** The segment in the clear, and its frames there. */
  readonly content: Buffer;
  readonly frames: readonly Frame[];
  /** The same frames, and the damage, as they are on disk. */
  readonly onDisk: Scan;
}

/** Throws `key` where the segment is encrypted and there is no key, and `damaged` where the key does not open it. */
export function openSegment(bytes: Buffer, name: SegmentName, seal: Seal | undefined): SegmentContent {
  const onDisk = scanFrames(bytes, name.marker, name.encrypted ? sealedExtra : 0);
  if (!name.encrypted) return { content: bytes, frames: onDisk.frames, onDisk };
  if (seal === undefined)
    throw new StoreError('key', `\`${name.name}\` is encrypted; give the key of the event store`);
  const box = seal.segment(name.marker);
  const parts: Buffer[] = [];
  const frames: Frame[] = [];
  let at = 0;
  for (const frame of onDisk.frames) {
    const size = frameBytes(frame);
    const body = bytes.subarray(frame.start + frameHeader, frame.start + size + sealBytes);
    const plain = box.open(body);
    if (plain === undefined)
      throw new StoreError('damaged', `\`${name.name}\` cannot be opened with the key of the event store`);
    parts.push(bytes.subarray(frame.start, frame.start + frameHeader), plain);
    frames.push({ ...frame, start: at, end: at + size });
    at += size;
  }
  return { content: Buffer.concat(parts), frames, onDisk };
}
