import { copyFile, link, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StoreError } from '../error.ts';
import { readManifest } from '../lake/manifest.ts';

const attempts = 20;

/**
 * Writes a copy of the event store's folder to `to`, also while another process works with it. Parquet files never
 * change and are linked where the disk allows; write-ahead segments are copied.
 *
 * INVARIANT: every event that was acknowledged before the call is in the copy. The segments are copied before the
 * manifest is read: one that vanishes meanwhile was converted, and the manifest lists the file that took its place.
 * When a listed file vanishes (it was merged or deleted), all is copied anew.
 */
export async function snapshotLake(folder: string, to: string): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    await rm(to, { recursive: true, force: true });
    for (const name of ['wal', 'parquet', 'tmp']) await mkdir(join(to, name), { recursive: true });
    for (const name of await readdir(join(folder, 'wal')))
      await ifThere(() => copyFile(join(folder, 'wal', name), join(to, 'wal', name)));
    const manifest = await readManifest(folder);
    let whole = true;
    for (const { path } of manifest.files) {
      await mkdir(dirname(join(to, path)), { recursive: true });
      whole &&= await ifThere(() => linkOrCopy(join(folder, path), join(to, path)));
      if (!whole) break;
      const grams = path.replace(/\.parquet$/, '.grams');
      await ifThere(() => linkOrCopy(join(folder, grams), join(to, grams)));
    }
    if (!whole) continue;
    await writeFile(join(to, 'manifest.json'), JSON.stringify(manifest));
    return;
  }
  throw new StoreError('busy', 'the event store kept changing while it was copied; try again');
}

/** Whether the file was there. */
async function ifThere(act: () => Promise<void>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw error;
    await copyFile(from, to);
  }
}
