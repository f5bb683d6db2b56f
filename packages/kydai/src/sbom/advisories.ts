import { statSync } from 'node:fs';
import { type AdvisoryDatabase, openAdvisories } from '@kydai/sbom';

/** The advisory database of the data folder: opened and digested once, and again when another one took its place. */
export interface CurrentAdvisories {
  /** Undefined where none was imported. To be used at once. @throws SbomError where the file is damaged */
  current(): AdvisoryDatabase | undefined;
  /** The same for longer work: it stays open until `use` has ended. */
  hold<T>(use: (database: AdvisoryDatabase) => Promise<T>): Promise<T | undefined>;
  close(): void;
}

interface Opened {
  readonly database: AdvisoryDatabase;
  readonly stamp: string;
  holds: number;
  replaced: boolean;
}

export function currentAdvisories(file: string): CurrentAdvisories {
  let opened: Opened | undefined;
  const endIfUnused = (each: Opened) => {
    if (each.replaced && each.holds === 0) each.database.close();
  };
  const forget = () => {
    const before = opened;
    opened = undefined;
    if (before === undefined) return;
    before.replaced = true;
    endIfUnused(before);
  };
  const current = (): Opened | undefined => {
    // An import replaces the file by a rename, so the inode changes even within one tick of the clock.
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) forget();
    else {
      const stamp = `${stat.ino} ${stat.size} ${stat.mtimeNs}`;
      if (opened?.stamp !== stamp) {
        forget();
        opened = { database: openAdvisories(file), stamp, holds: 0, replaced: false };
      }
    }
    return opened;
  };
  return {
    current: () => current()?.database,
    async hold(use) {
      const held = current();
      if (held === undefined) return undefined;
      held.holds += 1;
      try {
        return await use(held.database);
      } finally {
        held.holds -= 1;
        endIfUnused(held);
      }
    },
    close: forget,
  };
}
