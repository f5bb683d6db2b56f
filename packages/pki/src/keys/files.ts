import { randomBytes } from 'node:crypto';
import { access, link, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { PkiError } from '../error.ts';

/** The one form of key names, which are file names too; `bad-setting` otherwise. */
export function keyFile(folder: string, id: string, ending: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,99}$/.test(id)) throw new PkiError('bad-setting', `\`${id}\` is not a key name`);
  return join(folder, `${id}${ending}`);
}

/** Names of the keys whose files have this ending. */
export function namesIn(files: readonly string[], ending: string): string[] {
  return files.filter((name) => name.endsWith(ending)).map((name) => name.slice(0, -ending.length));
}

/** What a key file holds; `key-damaged` when it is not whole. */
export function parseFile<T>(schema: z.ZodType<T>, text: string, path: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new PkiError('key-damaged', `key file \`${path}\` is not whole; restore it from the backup`);
}

/** Undefined where there is no such file. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** INVARIANT: after a kill at any instant the file is absent or whole; of two that write it at a time one fails. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new PkiError('key-exists', `file \`${path}\` exists already`, { cause: error });
  } finally {
    await unlink(temporary);
  }
  const folder = await open(join(path, '..'), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
