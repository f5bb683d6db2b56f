import { readdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../error.ts';
import { removeFile, replaceFile, syncFile, syncFolder } from './disk.ts';
import { extentOf, LiveSegment } from './live.ts';
import type { Place, Seal } from './seal.ts';
import { openSegment, type SegmentName, segmentsIn } from './segment.ts';
import { Records, StoredEvent } from './stored.ts';

/**
 * Reads the write-ahead segments that are not in Parquet yet. A torn tail (the process was killed while it wrote what
 * it had acknowledged to nobody) is cut off. Damage in the middle is kept aside in a file beside the segment, and the
 * intact frames behind it are kept. All segments come back sealed. Rejects with `damaged` where there are segments of a
 * format that this version does not read.
 */
export async function recoverSegments(
  { folder: lake, seal }: Place,
  converted: number,
  now: number,
): Promise<LiveSegment[]> {
  const segments: LiveSegment[] = [];
  const folder = join(lake, 'wal');
  const names = await readdir(folder);
  const foreign = names.find((name) => name.endsWith('.ndjson'));
  if (foreign !== undefined) {
    throw new StoreError(
      'damaged',
      `\`wal/${foreign}\` was written by an earlier version; start and stop that version once to convert it`,
    );
  }
  for (const name of segmentsIn(names)) {
    if (name.number <= converted) {
      await removeFile(join(folder, name.name));
      continue;
    }
    const segment = await recoverSegment(folder, name, seal, now);
    if (segment.events === 0) await removeFile(segment.path);
    else segments.push(segment);
  }
  await syncFolder(folder);
  return segments;
}

async function recoverSegment(
  folder: string,
  name: SegmentName,
  seal: Seal | undefined,
  now: number,
): Promise<LiveSegment> {
  const path = join(folder, name.name);
  const segment = new LiveSegment(name.number, path, name.marker);
  let content: Buffer = await readFile(path);
  const { onDisk: scan } = openSegment(content, name, seal);
  const tail = scan.damage.at(-1);
  const torn = tail !== undefined && tail.end === content.length;
  const inside = torn ? scan.damage.slice(0, -1) : scan.damage;
  if (inside.length > 0) {
    for (const { start, end } of inside)
      await replaceFile(`${path}.damaged-${start}`, content.subarray(start, end));
    content = Buffer.concat(scan.frames.map(({ start, end }) => content.subarray(start, end)));
    await replaceFile(path, content);
  } else if (torn) {
    content = content.subarray(0, tail.start);
    await truncate(path, tail.start);
    await syncFile(path);
  }
  const plain = openSegment(content, name, seal);
  for (const frame of plain.frames) {
    const records = new Records(plain.content, frame);
    const events = Array.from(records.starts(), (start) => new StoredEvent(records, start));
    segment.add(plain.content.subarray(frame.start, frame.end), extentOf(events));
  }
  segment.bytes = content.length;
  segment.began = now;
  segment.sealed = true;
  return segment;
}
