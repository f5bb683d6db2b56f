import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { EventAggregation, EventQuery } from '@kydai/contracts';
import { type Lake, openLake, parseQuery } from '@kydai/store';
import type { Figure } from '../run.ts';
import { needle, rareAddress, start } from './events.ts';

/**
 * Times the questions of an analyst, each once cold (the lake opened anew, the disk's cache dropped where the system
 * lets us) and five times warm, of which the median counts.
 */
export async function queries(
  folder: string,
  size: string,
  emit: (figure: Figure) => void,
  grep?: number,
): Promise<void> {
  const asked = (text: string) => {
    const filter = parseQuery(text);
    return filter === undefined ? {} : { filter };
  };
  let found = 0;
  const measure = async (name: string, ask: (lake: Lake) => Promise<unknown>, baseline?: number) => {
    const dropped = dropCaches();
    const lake = await openLake({ folder, clock: { now: () => Date.now() } });
    const cold = await timed(() => ask(lake));
    const warm = await median(() => ask(lake));
    await lake.close();
    emit({ name: `lake.${name}.${size}.${dropped ? 'cold' : 'first'}`, value: cold, unit: 'ms' });
    emit({
      name: `lake.${name}.${size}`,
      value: warm,
      unit: 'ms',
      ...(baseline !== undefined && {
        baseline,
        baselineName: 'grep -F over the raw lines',
        ratio: warm / baseline,
      }),
    });
  };
  const search = (name: string, query: EventQuery, baseline?: number) => {
    const ask = async (lake: Lake) => {
      found = (await lake.search(query)).events.length;
    };
    return measure(name, ask, baseline);
  };
  const aggregate = (name: string, query: EventAggregation) => measure(name, (lake) => lake.aggregate(query));
  await search('needle', asked(`"${needle}"`), grep);
  if (found !== 1) throw new Error(`the needle was found ${found} times`);
  await search('needle-address', asked(`source.ip:${rareAddress}`));
  await search('newest', {});
  await search('failed-root', asked('process.name:sshd and user.name:root and source.ip:10.0.0.0/9'));
  const span = { from: 0, to: start * 2 };
  await aggregate('aggregate', { ...span, by: 'source.ip', top: 10 });
  await aggregate('histogram', { ...span, interval: 3_600_000 });
  await aggregate('aggregate-text', { ...span, ...asked('"authentication failure"'), by: 'process.name' });
}

/** Whether the disk's cache could be emptied. */
function dropCaches(): boolean {
  try {
    execFileSync('sync');
    writeFileSync('/proc/sys/vm/drop_caches', '1');
    return true;
  } catch {
    return false;
  }
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** The median of five. */
async function median(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < 5; turn++) times.push(await timed(work));
  return times.sort((a, b) => a - b)[2]!;
}

export function short(n: number): string {
  return n % 1_000_000 === 0 ? `${n / 1_000_000}m` : n % 1_000 === 0 ? `${n / 1_000}k` : String(n);
}
