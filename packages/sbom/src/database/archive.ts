import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { crc32, createGunzip, inflateRawSync } from 'node:zlib';
import tar from 'tar-stream';
import { SbomError } from '../error.ts';

/** A file inside an archive. Names are never used as paths. */
export interface ArchiveEntry {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Bounds against archives that are made to fill memory or time. */
export interface ArchiveLimits {
  readonly entries: number;
  readonly entryBytes: number;
  readonly totalBytes: number;
}

export const archiveLimits: ArchiveLimits = {
  entries: 5_000_000,
  entryBytes: 64 * 1024 * 1024,
  totalBytes: 32 * 1024 * 1024 * 1024,
};

/**
 * The plain files of a tar archive, gzipped or not, one after the other.
 *
 * @throws SbomError `invalid-archive` when it is damaged or cut short, `too-large` beyond a bound
 */
export async function* readTar(
  path: string,
  wanted: (name: string) => boolean,
  limits: ArchiveLimits = archiveLimits,
): AsyncGenerator<ArchiveEntry> {
  const extract = tar.extract();
  const gzipped = /\.(t?gz)$/.test(path);
  const source = createReadStream(path, { highWaterMark: 1 << 18 });
  // The callback is called for the error as well; the loop below sees it through `extract`.
  if (gzipped) pipeline(source, createGunzip(), extract, () => {});
  else pipeline(source, extract, () => {});
  let entries = 0;
  let total = 0;
  try {
    for await (const entry of extract) {
      entries += 1;
      total += entry.header.size ?? 0;
      if (entries > limits.entries || total > limits.totalBytes) throw tooLarge(path);
      if (entry.header.type !== 'file' || !wanted(entry.header.name)) {
        entry.resume();
        continue;
      }
      if ((entry.header.size ?? 0) > limits.entryBytes) throw tooLarge(path, entry.header.name);
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry) chunks.push(chunk as Uint8Array);
      yield { name: entry.header.name, bytes: Buffer.concat(chunks) };
    }
  } catch (error) {
    if (error instanceof SbomError) throw error;
    throw damaged(path, (error as Error).message);
  } finally {
    source.destroy();
  }
}

/** An archive held in memory. The central directory says what is there (APPNOTE 4.3.12, with zip64). */
export function* readZip(
  path: string,
  bytes: Buffer,
  wanted: (name: string) => boolean,
  limits: ArchiveLimits = archiveLimits,
): Generator<ArchiveEntry> {
  try {
    let { offset, count } = endOfDirectory(path, bytes);
    if (count > limits.entries) throw tooLarge(path);
    let total = 0;
    for (let i = 0; i < count; i += 1) {
      if (bytes.readUInt32LE(offset) !== 0x02014b50) throw damaged(path, 'its directory is broken');
      const method = bytes.readUInt16LE(offset + 10);
      const crc = bytes.readUInt32LE(offset + 16);
      const nameLength = bytes.readUInt16LE(offset + 28);
      const extraLength = bytes.readUInt16LE(offset + 30);
      const name = bytes.toString('utf8', offset + 46, offset + 46 + nameLength);
      const extra = bytes.subarray(offset + 46 + nameLength, offset + 46 + nameLength + extraLength);
      const [size, packed, local] = sizes(bytes, offset, extra);
      offset += 46 + nameLength + extraLength + bytes.readUInt16LE(offset + 32);
      if (name.endsWith('/') || !wanted(name)) continue;
      total += size;
      if (size > limits.entryBytes || total > limits.totalBytes) throw tooLarge(path, name);
      const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
      const raw = bytes.subarray(start, start + packed);
      const content =
        method === 0 ? raw : method === 8 ? inflateRawSync(raw, { maxOutputLength: size || 1 }) : undefined;
      if (content === undefined) throw damaged(path, `\`${name}\` uses the unknown method ${method}`);
      if (content.length !== size || crc32(content) !== crc)
        throw damaged(path, `\`${name}\` has a wrong checksum`);
      yield { name, bytes: content };
    }
  } catch (error) {
    if (error instanceof SbomError) throw error;
    throw damaged(path, (error as Error).message);
  }
}

function endOfDirectory(path: string, bytes: Buffer): { offset: number; count: number } {
  const from = Math.max(0, bytes.length - 22 - 0xffff);
  let at = bytes.length - 22;
  while (at >= from && bytes.readUInt32LE(at) !== 0x06054b50) at -= 1;
  if (at < from) throw damaged(path, 'it has no directory; is it complete?');
  const count = bytes.readUInt16LE(at + 10);
  const offset = bytes.readUInt32LE(at + 16);
  if (count !== 0xffff && offset !== 0xffffffff) return { offset, count };
  const locator = at - 20;
  if (locator < 0 || bytes.readUInt32LE(locator) !== 0x07064b50) return { offset, count };
  const record = Number(bytes.readBigUInt64LE(locator + 8));
  return {
    count: Number(bytes.readBigUInt64LE(record + 32)),
    offset: Number(bytes.readBigUInt64LE(record + 48)),
  };
}

/** Uncompressed size, compressed size and local header offset; those that overflow are in the zip64 extra field. */
function sizes(bytes: Buffer, offset: number, extra: Buffer): [number, number, number] {
  const plain: [number, number, number] = [
    bytes.readUInt32LE(offset + 24),
    bytes.readUInt32LE(offset + 20),
    bytes.readUInt32LE(offset + 42),
  ];
  if (!plain.includes(0xffffffff)) return plain;
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let field = at + 4;
    return plain.map((value) => {
      if (value !== 0xffffffff) return value;
      field += 8;
      return Number(extra.readBigUInt64LE(field - 8));
    }) as [number, number, number];
  }
  return plain;
}

function tooLarge(path: string, name?: string): SbomError {
  return new SbomError(
    'too-large',
    `archive \`${path}\`${name ? ` entry \`${name}\`` : ''} is beyond the bounds`,
  );
}

function damaged(path: string, why: string): SbomError {
  return new SbomError('invalid-archive', `archive \`${path}\` cannot be read: ${why}`);
}
