import { openLake } from '../lake/open.ts';

/** A process that ends by `process.exit` within a query that would take minutes. */
const lake = await openLake({ folder: process.argv[2] ?? '', clock: { now: Date.now } });
void lake.sql('select sum(a.range * b.range) from range(1000000) a, range(1000000) b');
setTimeout(() => process.exit(7), 200);
