import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { SbomError } from '../error.ts';

/** Replaces a file as a whole. @throws SbomError `usage` where it cannot be written */
export function writeWhole(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const handle = openSync(temporary, 'w', 0o644);
    try {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, path);
  } catch (error) {
    throw new SbomError('usage', `\`${path}\` cannot be written: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
