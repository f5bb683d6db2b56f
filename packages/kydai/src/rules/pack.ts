import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Readable } from 'node:stream';
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
  const files: TextFile[] = [];
  const tooLarge: string[] = [];
  let bytes = 0;
  const take = (file: string, content: Buffer) => {
    bytes += content.length;
    if (files.length >= most.files || bytes > most.bytes) throw beyond(path);
    files.push({ file, text: content.toString('utf8') });
  };
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) readFolder(path, take, tooLarge);
    else if (/\.ya?ml$/i.test(path)) take(relative(join(path, '..'), path), readFileSync(path));
    else if (stat.size > most.archiveBytes) throw beyond(path);
    else if (/\.zip$/i.test(path)) await readZip(readFileSync(path), take, tooLarge);
    else if (/\.(?:tar\.gz|tgz)$/i.test(path)) await readTar(path, take, tooLarge);
    else throw new ShellError('usage', `\`${path}\` is no folder, .zip, .tar.gz or .yml`);
  } catch (error) {
    if (error instanceof ShellError) throw error;
    const why = error instanceof Error ? error.message.toLowerCase().slice(0, 200) : 'unknown';
    throw new ShellError('usage', `cannot read the rule pack \`${path}\`: ${why}`, { cause: error });
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

async function readTar(path: string, take: Take, tooLarge: string[]): Promise<void> {
  const tar = extract();
  let expanded = 0;
  const unpacked = pipeline(
    createReadStream(path),
    createGunzip(),
    async function* (chunks) {
      for await (const chunk of chunks) {
        expanded += (chunk as Buffer).length;
        if (expanded > most.bytes * 2) throw beyond(path);
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
