import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { type Entry, fromBufferPromise } from 'yauzl';
import type { TextFile } from '../boot/content.ts';
import { ShellError } from '../error.ts';

/** The rule files of a pack, and the files that were too large to be rules. */
export interface Pack {
  readonly files: readonly TextFile[];
  readonly tooLarge: readonly string[];
}

/** Bounds of a pack; SigmaHQ has 3,754 rules in 8 MB. */
const most = { files: 20_000, fileBytes: 1_000_000, bytes: 64_000_000, archiveBytes: 100_000_000 };
const isRule = (name: string) => /(?<!\.test)\.ya?ml$/i.test(name) && !/(?:^|\/)\.[^./]/.test(name);

/**
 * Reads a pack of Sigma rules: a folder, a `.zip`, a `.tar.gz`, or one YAML file. Nothing is written, and names inside
 * an archive are names only.
 *
 * @throws ShellError `usage` where it cannot be read or is beyond the limits
 */
export async function readPack(path: string): Promise<Pack> {
  return collected(path, async (take, tooLarge) => {
    const stat = statSync(path);
    if (stat.isDirectory()) readFolder(path, take, tooLarge);
    else if (/\.ya?ml$/i.test(path)) take(relative(join(path, '..'), path), readFileSync(path));
    else if (stat.size > most.archiveBytes) throw beyond(path);
    else if (/\.zip$/i.test(path)) await readZip(readFileSync(path), take, tooLarge);
    else if (/\.(?:tar\.gz|tgz)$/i.test(path)) await readTar(createReadStream(path), path, take, tooLarge);
    else throw new ShellError('usage', `\`${path}\` is no folder, .zip, .tar.gz or .yml`);
  });
}

/**
 * Reads a pack from its bytes: a zip or gzip archive by its first bytes, anything else as one YAML file.
 *
 * @throws ShellError `usage` where it cannot be read or is beyond the limits
 */
export async function readPackBytes(bytes: Buffer, name: string): Promise<Pack> {
  return collected(name, async (take, tooLarge) => {
    if (bytes.length > most.archiveBytes) throw beyond(name);
    if (bytes.subarray(0, 2).toString('latin1') === 'PK') await readZip(bytes, take, tooLarge);
    else if (bytes[0] === 0x1f && bytes[1] === 0x8b)
      await readTar(Readable.from([bytes]), name, take, tooLarge);
    else if (bytes.length > most.fileBytes) tooLarge.push(`${name}.yml`);
    else take(`${name}.yml`, bytes);
  });
}

async function collected(of: string, read: (take: Take, tooLarge: string[]) => Promise<void>): Promise<Pack> {
  const files: TextFile[] = [];
  const tooLarge: string[] = [];
  let bytes = 0;
  const take = (file: string, content: Buffer) => {
    bytes += content.length;
    if (files.length >= most.files || bytes > most.bytes) throw beyond(of);
    files.push({ file, text: content.toString('utf8') });
  };
  try {
    await read(take, tooLarge);
  } catch (error) {
    if (error instanceof ShellError) throw error;
    const why = error instanceof Error ? error.message.toLowerCase().slice(0, 200) : 'unknown';
    throw new ShellError('usage', `cannot read the rule pack \`${of}\`: ${why}`, { cause: error });
  }
  files.sort((a, b) => (a.file < b.file ? -1 : 1));
  return { files, tooLarge };
}

type Take = (file: string, content: Buffer) => void;

/** Walks by hand: a recursive listing would follow links, and one could lead anywhere on this machine. */
function readFolder(root: string, take: Take, tooLarge: string[], folder = root): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = join(folder, entry.name);
    const name = relative(root, file);
    if (entry.isDirectory()) readFolder(root, take, tooLarge, file);
    else if (entry.isFile() && isRule(name)) {
      if (statSync(file).size > most.fileBytes) tooLarge.push(name);
      else take(name, readFileSync(file));
    }
  }
}

async function readZip(archive: Buffer, take: Take, tooLarge: string[]): Promise<void> {
  const zip = await fromBufferPromise(archive, { lazyEntries: true, validateEntrySizes: true });
  for await (const entry of zip.eachEntry() as AsyncIterable<Entry>) {
    if (entry.fileName.endsWith('/') || !isRule(entry.fileName)) continue;
    const content =
      entry.uncompressedSize > most.fileBytes
        ? undefined
        : await bounded(await zip.openReadStreamPromise(entry));
    if (content === undefined) tooLarge.push(entry.fileName);
    else take(entry.fileName, content);
  }
}

async function readTar(source: Readable, of: string, take: Take, tooLarge: string[]): Promise<void> {
  const tar = extract();
  let expanded = 0;
  const unpacked = pipeline(
    source,
    createGunzip(),
    async function* (chunks) {
      for await (const chunk of chunks) {
        expanded += (chunk as Buffer).length;
        if (expanded > most.bytes * 2) throw beyond(of);
        yield chunk;
      }
    },
    tar,
  );
  const read = async () => {
    for await (const entry of tar) {
      const { name, type } = entry.header;
      if (type !== 'file' || !isRule(name)) {
        entry.resume();
        continue;
      }
      const content = await bounded(entry as unknown as Readable);
      if (content === undefined) tooLarge.push(name);
      else take(name, content);
    }
  };
  await Promise.all([unpacked, read()]);
}

/** What a stream holds, read to its end; undefined where it is too large for a rule. */
async function bounded(stream: AsyncIterable<unknown>): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += (chunk as Buffer).length;
    if (size <= most.fileBytes) chunks.push(chunk as Buffer);
  }
  return size > most.fileBytes ? undefined : Buffer.concat(chunks);
}

function beyond(path: string): ShellError {
  return new ShellError('usage', `the rule pack \`${path}\` is larger than ${most.files} files or 64 MB`);
}
