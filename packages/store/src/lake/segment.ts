import { randomBytes } from 'node:crypto';

const shape = /^(\d{10})\.([0-9a-f]{16})\.wal$/;

export interface SegmentName {
  readonly name: string;
  readonly number: number;
  /** With what each frame of the segment begins. It is in the name, where no flipped bit can make it unreadable. */
  readonly marker: Buffer;
}

export function newSegment(number: number): SegmentName {
  const marker = randomBytes(8);
  return { name: `${String(number).padStart(10, '0')}.${marker.toString('hex')}.wal`, number, marker };
}

/** Undefined for what is not the name of a segment. */
function readSegmentName(name: string): SegmentName | undefined {
  const found = shape.exec(name);
  return found === null
    ? undefined
    : { name, number: Number(found[1]), marker: Buffer.from(found[2]!, 'hex') };
}

/** The segments among the names of a folder, oldest first. */
export function segmentsIn(names: readonly string[]): readonly SegmentName[] {
  return names
    .map(readSegmentName)
    .filter((name) => name !== undefined)
    .sort((a, b) => a.number - b.number);
}
