import { statSync } from 'node:fs';
import { type AdvisoryDatabase, openAdvisories } from '@kydai/sbom';

/** The advisory database of the data folder: opened and digested once, and again when another one took its place. */
export interface CurrentAdvisories {
  /** Undefined where none was imported. @throws SbomError where the file is damaged */
  current(): AdvisoryDatabase | undefined;
  close(): void;
}

export function currentAdvisories(file: string): CurrentAdvisories {
  let opened: { readonly database: AdvisoryDatabase; readonly stamp: string } | undefined;
  const close = () => {
    opened?.database.close();
    opened = undefined;
  };
  return {
    current() {
      // An import replaces the file by a rename, so the inode changes even within one tick of the clock.
      const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
      if (stat === undefined) {
        close();
        return undefined;
      }
      const stamp = `${stat.ino} ${stat.size} ${stat.mtimeNs}`;
      if (opened?.stamp !== stamp) {
        close();
        opened = { database: openAdvisories(file), stamp };
      }
      return opened.database;
    },
    close,
  };
}
