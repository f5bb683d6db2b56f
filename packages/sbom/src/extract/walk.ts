import { closeSync, fstatSync, lstatSync, openSync, readdirSync, readSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { SbomError } from '../error.ts';
import type { SourceFile } from './extraction.ts';
import { decodeText } from './text.ts';

/** Bounds on what is read from a folder. */
export interface WalkLimits {
  readonly depth: number;
  readonly entries: number;
  readonly fileBytes: number;
}

export const defaultLimits: WalkLimits = { depth: 24, entries: 500_000, fileBytes: 256 * 1024 * 1024 };

export interface NotRead {
  /** Relative path, with forward slashes. */
  readonly path: string;
  readonly reason: string;
  /** It should have been read and could not: a gate must not pass over it. */
  readonly failed?: boolean;
}

/** Folders that hold other people's sources, caches or history: what matters of them is in the lockfiles. */
export const skipped: ReadonlySet<string> = new Set([
  'node_modules',
  '.git',
  '.hg',
  '.svn',
  '.venv',
  'venv',
  '__pycache__',
  '.tox',
  '.turbo',
  '.cache',
]);

/**
 * The files below a path that `wanted` accepts, in an order that does not depend on the file system. Symbolic links are
 * never followed; one that would have been wanted is reported.
 */
export function findFiles(
  path: string,
  wanted: (relative: string) => boolean,
  limits: WalkLimits = defaultLimits,
): { readonly root: string; readonly files: readonly string[]; readonly notRead: readonly NotRead[] } {
  let root: string;
  try {
    root = realpathSync(path);
  } catch (error) {
    throw new SbomError('not-found', `nothing at \`${path}\`; name a folder or a file`, { cause: error });
  }
  if (!lstatSync(root).isDirectory()) return { root: dirname(root), files: [basename(root)], notRead: [] };
  const files: string[] = [];
  const notRead: NotRead[] = [];
  let entries = 0;
  const open: { readonly relative: string; readonly depth: number }[] = [{ relative: '', depth: 0 }];
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    let list: import('node:fs').Dirent[];
    try {
      list = readdirSync(join(root, next.relative), { withFileTypes: true });
    } catch (error) {
      notRead.push({
        path: next.relative || '.',
        reason: `cannot be listed: ${(error as Error).message}`,
        failed: true,
      });
      continue;
    }
    list.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of list) {
      entries += 1;
      if (entries > limits.entries) {
        notRead.push({
          path: next.relative || '.',
          reason: `more than ${limits.entries} entries`,
          failed: true,
        });
        return { root, files, notRead };
      }
      const relative = next.relative === '' ? entry.name : `${next.relative}/${entry.name}`;
      if (entry.isDirectory()) {
        if (skipped.has(entry.name)) continue;
        if (next.depth >= limits.depth) {
          notRead.push({ path: relative, reason: `deeper than ${limits.depth} folders` });
        } else open.push({ relative, depth: next.depth + 1 });
      } else if (wanted(relative)) {
        if (entry.isFile()) files.push(relative);
        else if (entry.isSymbolicLink())
          notRead.push({ path: relative, reason: 'symbolic link, not followed' });
      }
    }
  }
  return { root, files, notRead };
}

/** Reads one file within its bound. Throws where it is not a plain file or is larger. */
export function openSource(root: string, relative: string, limits: WalkLimits = defaultLimits): SourceFile {
  const bytes = readBounded(join(root, relative), limits.fileBytes);
  const folder = dirname(relative);
  return {
    path: relative,
    bytes,
    text: () => decodeText(bytes, relative),
    sibling(name) {
      try {
        const full = join(root, folder, name);
        if (!lstatSync(full).isFile()) return undefined;
        return decodeText(readBounded(full, limits.fileBytes), name);
      } catch {
        return undefined;
      }
    },
  };
}

/** The bytes of a plain file of at most `limit` bytes. @throws SbomError `too-large`, `not-found` */
export function readBounded(path: string, limit: number): Buffer {
  let handle: number;
  try {
    handle = openSync(path, 'r');
  } catch (error) {
    throw new SbomError('not-found', `\`${path}\` cannot be read; check the path and its permissions`, {
      cause: error,
    });
  }
  try {
    const stat = fstatSync(handle);
    if (!stat.isFile()) throw new SbomError('not-found', `\`${path}\` is not a plain file`);
    if (stat.size > limit) {
      throw new SbomError('too-large', `\`${path}\` has ${stat.size} bytes, more than the ${limit} allowed`);
    }
    const bytes = Buffer.allocUnsafe(stat.size);
    let at = 0;
    while (at < bytes.length) {
      const count = readSync(handle, bytes, at, bytes.length - at, at);
      if (count === 0) break;
      at += count;
    }
    return bytes.subarray(0, at);
  } finally {
    closeSync(handle);
  }
}
