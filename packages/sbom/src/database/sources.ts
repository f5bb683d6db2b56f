import { createReadStream, lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { SbomError } from '../error.ts';
import { readBounded } from '../extract/walk.ts';
import { archiveLimits, readTar, readZip } from './archive.ts';

/** One document of an input: a file, or a file inside an archive. */
export interface SourceDocument {
  /** For people: the input's path, and the entry's name after a colon. */
  readonly name: string;
  readonly bytes: Buffer;
}

const document = /\.(json|ya?ml|csv)$/i;
const maxFile = 1024 * 1024 * 1024;

/**
 * The documents of one input: a folder (walked, symbolic links not followed), a `.tar`, `.tar.gz`, `.tgz` or `.zip`, or
 * a single `.json`, `.json.gz`, `.yaml`, `.yml`, `.csv` or `.csv.gz`.
 *
 * @throws SbomError `not-found`, `invalid-archive`, `too-large`
 */
export async function* readSources(input: string): AsyncGenerator<SourceDocument> {
  let isFolder: boolean;
  try {
    isFolder = statSync(input).isDirectory();
  } catch (error) {
    throw new SbomError('not-found', `no advisories at \`${input}\`; name a folder, an archive or a file`, {
      cause: error,
    });
  }
  if (isFolder) yield* readFolder(input);
  else if (/\.(tar|tar\.gz|tgz)$/i.test(input)) {
    for await (const entry of readTar(input, (name) => document.test(name))) {
      yield { name: `${input}:${entry.name}`, bytes: entry.bytes };
    }
  } else if (/\.zip$/i.test(input)) {
    const bytes = await buffer(createReadStream(input));
    for (const entry of readZip(input, bytes, (name) => document.test(name))) {
      yield { name: `${input}:${entry.name}`, bytes: entry.bytes };
    }
  } else if (/\.gz$/i.test(input)) {
    try {
      yield { name: input, bytes: gunzipSync(readBounded(input, maxFile), { maxOutputLength: maxFile }) };
    } catch (error) {
      if (error instanceof SbomError) throw error;
      throw new SbomError('invalid-archive', `\`${input}\` cannot be unpacked: ${(error as Error).message}`);
    }
  } else if (document.test(input)) yield { name: input, bytes: readBounded(input, maxFile) };
  else {
    throw new SbomError(
      'invalid-advisories',
      `\`${input}\` is of no kind that can be imported; name a folder, .tar.gz, .zip, .json, .json.gz, .yaml or .csv`,
    );
  }
}

function* readFolder(root: string): Generator<SourceDocument> {
  const open = [root];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const entries = readdirSync(folder, { withFileTypes: true }).toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    );
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && entry.name !== '.git') open.push(path);
      else if (
        entry.isFile() &&
        document.test(entry.name) &&
        lstatSync(path).size <= archiveLimits.entryBytes
      ) {
        yield { name: path, bytes: readBounded(path, archiveLimits.entryBytes) };
      }
    }
  }
}
