import { type FileHandle, open, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StoreError } from '../error.ts';

/** Makes what was written to a file durable. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes creations, renames and deletions in a folder durable. */
export const syncFolder = syncFile;

/** Replaces a file as a whole: afterwards it is the old or the new, never a mixture, also after a power cut. */
export async function replaceFile(path: string, content: string | Buffer): Promise<void> {
  const next = `${path}.next`;
  await writeFile(next, content);
  await syncFile(next);
  await rename(next, path);
  await syncFolder(dirname(path));
}

export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** Bytes that a program may still write on the disk that holds a folder. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

const fullCodes = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** A failure of the disk as a `StoreError`; one that is already ours stays as it is. */
export function diskError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { code = 'unknown', message = '' } = error as NodeJS.ErrnoException;
  if (fullCodes.has(code) || /no space left on device|disk full|ENOSPC/i.test(message)) {
    return new StoreError(
      'disk-full',
      'the disk of the event store is full: nothing was kept; free some space',
      {
        cause: error,
      },
    );
  }
  return new StoreError('disk-failed', `the disk of the event store failed (${code}): nothing was kept`, {
    cause: error,
  });
}

/** Buffers of one call (IOV_MAX). */
const mostBuffers = 1_024;

/** Writes buffers one after the other at a position, all of them. */
export async function writeAll(
  handle: FileHandle,
  frames: readonly Buffer[],
  position: number,
): Promise<void> {
  let left = frames;
  let at = position;
  while (left.length > 0) {
    const { bytesWritten } = await handle.writev(left.slice(0, mostBuffers), at);
    at += bytesWritten;
    let done = bytesWritten;
    let whole = 0;
    while (whole < left.length && done >= left[whole]!.length) done -= left[whole++]!.length;
    left = left.slice(whole);
    if (done > 0) left = [left[0]!.subarray(done), ...left.slice(1)];
  }
}
