import { openLake } from './open.ts';

/**
 * The process of the disk-full test: appends until the kernel refuses, says what it then finds, waits to be told that
 * there is room again, and appends once more.
 */
const lake = await openLake({
  folder: process.argv[2] ?? '',
  clock: { now: () => Date.now() },
  limits: { segmentBytes: 1e9 },
});
const event = (n: number) => ({
  id: `event-${n}`,
  time: n,
  received: n,
  source: 'full',
  dataset: 'full',
  fields: new Map(),
  raw: 'x'.repeat(997),
});
const count = async () => (await lake.aggregate({ from: 0, to: 1e9 }))[0]!.count;
let kept = 0;
try {
  for (;;) {
    await lake.append([event(kept)]);
    kept++;
  }
} catch (error) {
  console.log(`kept ${kept}\nrefused ${(error as { code?: string }).code} ${await count()}`);
}
await new Promise((resolve) => process.stdin.once('data', resolve));
await lake.append([event(kept)]);
console.log(`again ${await count()}`);
await lake.close();
