import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
// @boundaries-ignore writes files as the lake does
import { openDuck } from '../../../packages/store/src/lake/duck.ts';
// @boundaries-ignore writes files as the lake does
import { gramPath, writeIndex } from '../../../packages/store/src/lake/gram-files.ts';
// @boundaries-ignore writes files as the lake does
import { decodeGrams } from '../../../packages/store/src/lake/grams.ts';
// @boundaries-ignore writes files as the lake does
import { defaultLimits } from '../../../packages/store/src/lake/limits.ts';
// @boundaries-ignore writes files as the lake does
import { type ParquetFile, readManifest, writeManifest } from '../../../packages/store/src/lake/manifest.ts';
// @boundaries-ignore writes files as the lake does
import { parquetRows, writeParquet } from '../../../packages/store/src/lake/parquet.ts';
import { needle, rareAddress } from './events.ts';

const day = 86_400_000;

/**
 * Makes a lake of one day one of many: each file is written again for each further day, with its times moved, with ids
 * of its own and without what is to be found only once. A hundred million events are appended in more than ten minutes;
 * this takes a third of that and leaves the same files, but for the text of the lines, which is that of the first day.
 */
export async function repeatDays(folder: string, days: number): Promise<void> {
  const duck = await openDuck(join(folder, 'tmp'), defaultLimits);
  try {
    const manifest = await readManifest(folder);
    const files: ParquetFile[] = [...manifest.files];
    let { nextFile } = manifest;
    for (let turn = 1; turn < days; turn++) {
      const moved = turn * day;
      for (const file of manifest.files) {
        const rows = `(select * replace (uuidv7() as id, time + ${moved} as time, received + ${moved} as received,
          replace(raw, '${needle}', '') as raw) from ${parquetRows(folder, [file])}
          where "source.ip" is distinct from '${rareAddress}' order by time)`;
        const without = rows.replace(/\n *where [^\n]* order/, ' order');
        const next = {
          day: new Date(Date.parse(file.day) + moved).toISOString().slice(0, 10),
          dataset: file.dataset,
          number: nextFile++,
          columns: file.columns,
          level: 1,
          encrypted: false,
        };
        const from = file.columns.includes('source.ip') ? rows : without;
        const written = await duck.work((connection) => writeParquet(connection, folder, from, next));
        const grams = decodeGrams(await readFile(join(folder, gramPath(file.path))));
        if (grams === undefined) throw new Error(`the index of ${file.path} cannot be read`);
        const later = grams.map((one) => ({
          ...one,
          minTime: one.minTime + moved,
          maxTime: one.maxTime + moved,
        }));
        files.push(await writeIndex({ folder, seal: undefined }, written, later));
      }
      // Each day is whole on disk: a run that is broken off leaves a lake that opens.
      await writeManifest(folder, { ...manifest, nextFile, files });
    }
  } finally {
    await duck.close();
  }
}
