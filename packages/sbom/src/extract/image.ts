import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { posix } from 'node:path';
import { pipeline, type Readable, Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import tar from 'tar-stream';
import { SbomError } from '../error.ts';
import type { SourceFile } from './extraction.ts';
import { imagesIn } from './image-layout.ts';
import { decodeText } from './text.ts';
import type { NotRead } from './walk.ts';

/** Bounds on what is unpacked, so that a few kilobytes cannot fill memory or an evening. */
export interface ImageLimits {
  /** Unpacked bytes that are gone through, and bytes of files that are kept. */
  readonly unpacked: number;
  readonly kept: number;
  readonly fileBytes: number;
  readonly entries: number;
}

export const imageLimits: ImageLimits = {
  unpacked: 16 * 1024 ** 3,
  kept: 1024 ** 3,
  fileBytes: 256 * 1024 ** 2,
  entries: 5_000_000,
};

/** The files of interest in an archive, as the container or the device sees them. */
export interface ArchiveTree {
  readonly files: readonly string[];
  readonly notRead: readonly NotRead[];
  open(path: string): SourceFile;
}

/** What one layer adds and takes away. */
interface Layer {
  readonly files: Map<string, Buffer>;
  /** Paths that are gone with all below them, and folders whose earlier content is. */
  readonly removed: string[];
  readonly emptied: string[];
}

/**
 * Reads a container image (OCI image layout 1.1 or `docker save`), or a tar of a root file system, without unpacking it
 * to the disk: the layers are laid over each other with their whiteouts, and of their files only the wanted are kept. Of
 * an image for several platforms all are read, or the one that is named.
 *
 * @throws SbomError `invalid-archive` where it is damaged, cut short or a layer has another digest than its name,
 *   `too-large` beyond a bound
 */
export async function readImage(
  path: string,
  wanted: (path: string) => boolean,
  limits: ImageLimits = imageLimits,
  platform?: string,
): Promise<ArchiveTree> {
  const notRead: NotRead[] = [];
  const budget = { unpacked: 0, kept: 0, entries: 0 };
  const documents = new Map<string, Buffer>();
  const plain: Layer = { files: new Map(), removed: [], emptied: [] };
  const keep = (name: string) => wanted(name) || /(^|\/)(etc|usr\/lib)\/os-release$/.test(name);
  const read = (source: Readable, take: Take) => walkTar(path, source, take, limits, budget);

  await read(createReadStream(path, { highWaterMark: 1 << 18 }), async (name, entry, size) => {
    const isDocument =
      /^(manifest\.json|index\.json|oci-layout)$/.test(name) ||
      (/^blobs\/[^/]+\/[^/]+$/.test(name) && size < 4e6);
    if (isDocument) documents.set(name, await bytesOf(entry));
    else if (keep(name)) await keepFile(plain, name, entry, size);
  });
  const images = imagesIn(documents, path, platform);
  if (images === undefined) return tree(plain.files, notRead);
  const names = new Set(images.flatMap(({ layers }) => layers));

  const layers = new Map<string, Layer>();
  await read(createReadStream(path, { highWaterMark: 1 << 18 }), async (name, entry) => {
    if (!names.has(name) || layers.has(name)) return;
    const layer: Layer = { files: new Map(), removed: [], emptied: [] };
    layers.set(name, layer);
    const hash = createHash('sha256');
    const raw = entry.pipe(
      new Transform({
        transform(chunk, _encoding, done) {
          hash.update(chunk);
          done(null, chunk);
        },
      }),
    );
    await read(raw, async (inner, file, size) => {
      const base = posix.basename(inner);
      const folder = posix.dirname(inner) === '.' ? '' : posix.dirname(inner);
      if (base === '.wh..wh..opq') layer.emptied.push(folder);
      else if (base.startsWith('.wh.')) layer.removed.push(posix.join(folder, base.slice(4)));
      else if (keep(inner)) await keepFile(layer, inner, file, size);
    });
    const named = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name)?.[1];
    if (named !== undefined && hash.digest('hex') !== named)
      throw new SbomError(
        'invalid-archive',
        `layer \`${name}\` of \`${path}\` has another digest than its name`,
      );
  });
  const [first, ...more] = images;
  if (first !== undefined && more.length === 0) return tree(merge(first.layers, layers, path), notRead);
  // Each platform is a root file system of its own, under its name.
  const all = images.flatMap(({ platform: named, layers: own }, at) =>
    [...merge(own, layers, path)].map(
      ([file, bytes]) => [`${named.replaceAll('/', '-') || at}/${file}`, bytes] as const,
    ),
  );
  return tree(new Map(all), notRead);

  async function keepFile(layer: Layer, name: string, entry: Readable, size: number): Promise<void> {
    if (size > limits.fileBytes) {
      notRead.push({
        path: name,
        reason: `has ${size} bytes, more than the ${limits.fileBytes} allowed`,
        failed: true,
      });
      return;
    }
    budget.kept += size;
    if (budget.kept > limits.kept) throw tooLarge(path);
    layer.files.set(name, await bytesOf(entry));
  }
}

/** The layers over each other, with what the higher ones take away. */
function merge(
  names: readonly string[],
  layers: ReadonlyMap<string, Layer>,
  path: string,
): ReadonlyMap<string, Buffer> {
  const merged = new Map<string, Buffer>();
  for (const name of names) {
    const layer = layers.get(name);
    if (layer === undefined)
      throw new SbomError('invalid-archive', `image \`${path}\` lacks its layer \`${name}\``);
    const isGone = (file: string) =>
      layer.removed.some((gone) => file === gone || file.startsWith(`${gone}/`)) ||
      layer.emptied.some((folder) => folder === '' || file.startsWith(`${folder}/`));
    for (const file of [...merged.keys()]) if (isGone(file)) merged.delete(file);
    for (const [file, bytes] of layer.files) merged.set(file, bytes);
  }
  return merged;
}

type Take = (name: string, entry: Readable, size: number) => Promise<void>;

async function walkTar(
  path: string,
  source: Readable,
  take: Take,
  limits: ImageLimits,
  budget: { unpacked: number; entries: number },
): Promise<void> {
  const extract = tar.extract();
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      budget.unpacked += chunk.length;
      done(budget.unpacked > limits.unpacked ? tooLarge(path) : null, chunk);
    },
  });
  const first = await firstBytes(source);
  const unpack =
    first.readUInt16BE(0) === 0x1f8b
      ? createGunzip()
      : first.readUInt32LE(0) === 0xfd2fb528
        ? createZstdDecompress()
        : undefined;
  // The callback is called for the error as well; the loop below sees it through `extract`.
  if (unpack === undefined) pipeline(source, counted, extract, () => {});
  else pipeline(source, unpack, counted, extract, () => {});
  let found = 0;
  try {
    for await (const entry of extract) {
      found += 1;
      budget.entries += 1;
      if (budget.entries > limits.entries) throw tooLarge(path);
      const name = plainName(entry.header.name);
      if (entry.header.type === 'file' && name !== undefined)
        await take(name, entry as unknown as Readable, entry.header.size ?? 0);
      entry.resume();
    }
  } catch (error) {
    if (error instanceof SbomError) throw error;
    throw new SbomError('invalid-archive', `archive \`${path}\` cannot be read: ${(error as Error).message}`);
  } finally {
    source.destroy();
  }
  if (found === 0 && first.some((byte) => byte !== 0))
    throw new SbomError('invalid-archive', `archive \`${path}\` is no tar`);
}

/** Puts the beginning back, so that the source is read from its start. */
async function firstBytes(source: Readable): Promise<Buffer> {
  for await (const chunk of source.iterator({ destroyOnReturn: false })) {
    source.unshift(chunk);
    const start = Buffer.alloc(4);
    (chunk as Buffer).copy(start);
    return start;
  }
  return Buffer.alloc(4);
}

/** Without `./` and `/` in front; undefined for a name that climbs out, for nothing that is wanted lies there. */
function plainName(name: string): string | undefined {
  const plain = posix.normalize(`/${name}`).slice(1);
  return name.split('/').includes('..') || plain === '' ? undefined : plain;
}

async function bytesOf(entry: Readable): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of entry) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

function tree(files: ReadonlyMap<string, Buffer>, notRead: readonly NotRead[]): ArchiveTree {
  const text = (path: string) => {
    const bytes = files.get(path);
    return bytes === undefined ? undefined : decodeText(bytes, path);
  };
  return {
    files: [...files.keys()].toSorted(),
    notRead,
    open: (path) => ({
      path,
      bytes: files.get(path)!,
      text: () => text(path)!,
      sibling: (name) => text(posix.join(posix.dirname(path), name)),
    }),
  };
}

function tooLarge(path: string): SbomError {
  return new SbomError('too-large', `archive \`${path}\` is beyond the bounds`);
}
