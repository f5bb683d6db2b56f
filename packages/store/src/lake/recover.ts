import { readdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { removeFile, replaceFile, syncFile, syncFolder } from './disk.ts';
import { scanFrames } from './frame.ts';
import { type StoredRow, toEvent } from './line.ts';
import { addLive, type LiveSegment, liveSegment } from './live.ts';

export function segmentName(number: number): string {
  return `${String(number).padStart(10, '0')}.ndjson`;
}

/**
 * Reads the write-ahead segments that are not in Parquet yet. A torn tail (the process was killed while it wrote what
 * it had acknowledged to nobody) is cut off. Damage in the middle is kept aside in a file beside the segment, and the
 * intact frames behind it are kept. All segments come back sealed.
 */
export async function recoverSegments(
  folder: string,
  converted: number,
  now: number,
): Promise<LiveSegment[]> {
  const segments: LiveSegment[] = [];
  const names = (await readdir(folder)).filter((name) => /^\d{10}\.ndjson$/.test(name)).sort();
  for (const name of names) {
    const number = Number(name.slice(0, 10));
    const path = join(folder, name);
    if (number <= converted) {
      await removeFile(path);
      continue;
    }
    const segment = await recoverSegment(number, path, now);
    if (segment.events.length === 0) await removeFile(path);
    else segments.push(segment);
  }
  await syncFolder(folder);
  return segments;
}

async function recoverSegment(number: number, path: string, now: number): Promise<LiveSegment> {
  const segment = liveSegment(number, path);
  let content: Buffer = await readFile(path);
  const scan = scanFrames(content);
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
  for (const { bodyStart, end } of scanFrames(content).frames) {
    for (const line of content.toString('utf8', bodyStart, end).split('\n')) {
      if (line === '') continue;
      addLive(segment, [toEvent(JSON.parse(line) as StoredRow)]);
    }
  }
  segment.bytes = content.length;
  segment.began = now;
  segment.sealed = true;
  return segment;
}
