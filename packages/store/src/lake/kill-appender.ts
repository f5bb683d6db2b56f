import { loadOf } from './kill-load.ts';
import { openLake } from './open.ts';

/**
 * The process that `kill.ts` kills: appends as fast as it can with tiny limits, so that segments turn into Parquet and
 * files are merged all the time, and says on standard output what has become durable.
 */
const [folder = '', round = '', key = ''] = process.argv.slice(2);
const { limits, batch, event } = loadOf(Number(round));
const lake = await openLake({
  folder,
  clock: { now: () => Date.now() },
  ...(key !== '' && { key: Buffer.from(key, 'hex') }),
  limits: { ...limits, mergeCount: 3, mergeQuiet: 0, threads: 1 },
});
let next = 0;
async function appendForEver(): Promise<never> {
  for (;;) {
    const from = next;
    next += batch;
    await lake.append(Array.from({ length: batch }, (_, at) => event(from + at)));
    process.stdout.write(`${round} ${from} ${from + batch}.\n`);
  }
}
await Promise.all([appendForEver(), appendForEver(), appendForEver()]);
