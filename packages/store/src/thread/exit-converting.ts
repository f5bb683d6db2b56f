import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sample } from '../contract/samples.ts';
import { openLake } from '../lake/open.ts';

/** A process that keeps 10,000 events and ends by `process.exit` while the thread converts them. */
const folder = process.argv[2] ?? '';
const lake = await openLake({ folder, clock: { now: Date.now }, limits: { segmentBytes: 64e6 } });
const raw = 'x'.repeat(500);
for (let n = 0; n < 10; n++) await lake.append(Array.from({ length: 1000 }, () => sample({ raw })));
void lake.flush();

function exitOnceBegun(): void {
  if (readdirSync(join(folder, 'tmp')).some((name) => name.endsWith('.parquet'))) process.exit(7);
  setImmediate(exitOnceBegun);
}
exitOnceBegun();
