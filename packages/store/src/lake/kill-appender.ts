import { openLake } from './open.ts';

/**
 * The process that `kill.ts` kills: appends as fast as it can with tiny limits, so that segments turn into Parquet and
 * files are merged all the time, and says on standard output what has become durable.
 */
const [folder = '', round = ''] = process.argv.slice(2);
const lake = await openLake({
  folder,
  clock: { now: () => Date.now() },
  limits: { segmentBytes: 20_000, mergeCount: 3, mergeQuiet: 0, threads: 1 },
});
let next = 0;
async function appendForEver(): Promise<never> {
  for (;;) {
    const from = next;
    next += 20;
    const to = next;
    const now = Date.now();
    await lake.append(
      Array.from({ length: to - from }, (_, at) => ({
        id: `${round}-${from + at}`,
        time: now,
        received: now,
        source: 'kill',
        dataset: at % 2 === 0 ? 'even' : 'odd',
        fields: new Map([['process.pid', at]]),
        raw: `event ${from + at} of round ${round}`,
      })),
    );
    process.stdout.write(`${round} ${from} ${to}.\n`);
  }
}
await Promise.all([appendForEver(), appendForEver(), appendForEver()]);
