import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { TextFile } from '../boot/content.ts';
import { ShellError } from '../error.ts';

/** A rule pack as it lies in the data folder. */
export interface InstalledPack {
  readonly name: string;
  readonly files: readonly TextFile[];
}

const Kept = z.object({ files: z.array(z.object({ file: z.string(), text: z.string() })) });
const packName = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Where imported packs are kept: one file each, so that a pack is there as a whole or not at all. */
const packsFolder = (data: string) => join(data, 'rules');

/**
 * Keeps a pack in the data folder; one of the same name is replaced.
 *
 * @throws ShellError `usage` for a name that is none
 */
export function installPack(data: string, name: string, files: readonly TextFile[]): void {
  if (!packName.test(name))
    throw new ShellError('usage', `\`${name}\` is no name of a pack; use small letters, digits and -`);
  const folder = packsFolder(data);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${name}.json`);
  writeFileSync(`${file}.new`, JSON.stringify({ files }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Takes a pack out of the data folder. Returns false where there is none of this name. */
export function removePack(data: string, name: string): boolean {
  const file = join(packsFolder(data), `${name}.json`);
  if (!packName.test(name) || !existsSync(file)) return false;
  rmSync(file);
  return true;
}

/** Every pack of the data folder, by name. A damaged one is left out and named in `damaged`. */
export function installedPacks(data: string): {
  readonly packs: readonly InstalledPack[];
  readonly damaged: readonly string[];
} {
  const folder = packsFolder(data);
  const packs: InstalledPack[] = [];
  const damaged: string[] = [];
  if (!existsSync(folder)) return { packs, damaged };
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith('.json')) continue;
    const name = file.slice(0, -'.json'.length);
    try {
      packs.push({ name, ...Kept.parse(JSON.parse(readFileSync(join(folder, file), 'utf8'))) });
    } catch {
      damaged.push(name);
    }
  }
  return { packs, damaged };
}
