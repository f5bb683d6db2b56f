import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Event, type EventStore, uuidv7 } from '@kydai/contracts';
import { openElastic, openLake } from '@kydai/store';
import { startElasticsearch } from '../servers/elasticsearch.ts';
import type { Figure } from './run.ts';

/** Events of the workload: `KYDAI_BENCH_EVENTS`, 200,000 unless told. */
const total = Number(process.env['KYDAI_BENCH_EVENTS'] ?? 200_000);
const batch = 1_000;
const writers = 4;
const began = Date.UTC(2026, 0, 5);
const needle = 'zq7x-needle-4711';
const clock = { now: () => Date.now() };

/** The same workload on the lake and on a real Elasticsearch with a heap of 512 MB, one after the other in one run. */
export async function run(emit: (figure: Figure) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kydai-bench-stores-'));
  const server = await startElasticsearch();
  try {
    const elastic = await openElastic({ node: server.node, replicas: 0, clock });
    const theirs = await measure(elastic, async () => void (await elastic.stats()));
    await elastic.close();
    const lake = await openLake({ folder, clock });
    const ours = await measure(lake, () => lake.flush());
    await lake.close();
    emit({ name: 'stores.events', value: total, unit: 'events' });
    for (const [name, unit] of figures) {
      const baseline = theirs[name]!;
      const value = ours[name]!;
      emit({
        name: `stores.lake.${name}`,
        value,
        unit,
        baseline,
        baselineName: 'Elasticsearch',
        ratio: value / baseline,
      });
    }
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const figures = [
  ['ingest', 'events/s'],
  ['bytes-per-event', 'bytes'],
  ['needle', 'ms'],
  ['field', 'ms'],
  ['histogram', 'ms'],
  ['top', 'ms'],
] as const;

async function measure(store: EventStore, settle: () => Promise<void>): Promise<Record<string, number>> {
  const start = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: writers }, async () => {
      while (next < total) {
        const from = next;
        next += batch;
        await store.append(Array.from({ length: Math.min(batch, total - from) }, (_, n) => event(from + n)));
      }
    }),
  );
  await settle();
  const ingest = total / ((performance.now() - start) / 1_000);
  const { events, bytes } = await store.stats();
  if (events !== total) throw new Error(`the store holds ${events} of ${total} events`);
  const timed = async (ask: () => Promise<unknown>) => {
    const times: number[] = [];
    for (let turn = 0; turn < 5; turn++) {
      const at = performance.now();
      await ask();
      times.push(performance.now() - at);
    }
    return times.sort((a, b) => a - b)[2]!;
  };
  const span = { from: began, to: began + total * 100 };
  const failed = { op: 'equals', field: 'event.outcome', value: 'failure' } as const;
  return {
    ingest,
    'bytes-per-event': bytes / total,
    needle: await timed(() => store.search({ filter: { op: 'text', text: needle } })),
    field: await timed(() =>
      store.search({ filter: { op: 'equals', field: 'source.ip', value: '203.0.113.77' } }),
    ),
    histogram: await timed(() => store.aggregate({ ...span, interval: 60_000, filter: failed })),
    top: await timed(() => store.aggregate({ ...span, by: 'source.ip', top: 10 })),
  };
}

const users = ['root', 'admin', 'oracle', 'lan.tran', 'git', 'pi'];

function event(n: number): Event {
  const mixed = Math.imul(n + 1, 0x9e3779b1) >>> 0;
  const time = began + n * 100;
  const address = `203.0.113.${mixed % 251}`;
  const user = users[mixed % users.length]!;
  const failed = mixed % 3 !== 0;
  const mark = n === Math.floor(total / 2) ? ` ${needle}` : '';
  const message = `${failed ? 'Failed' : 'Accepted'} password for ${user} from ${address} port ${1024 + (mixed % 60_000)} ssh2${mark}`;
  return {
    id: uuidv7(time),
    time,
    received: time + 3,
    source: `syslog-tcp/10.1.0.${mixed % 40}`,
    dataset: 'sshd.auth',
    fields: new Map<string, string | number>([
      ['host.name', `gw-${mixed % 40}`],
      ['process.name', 'sshd'],
      ['process.pid', 300 + (mixed % 30_000)],
      ['source.ip', address],
      ['source.port', 1024 + (mixed % 60_000)],
      ['user.name', user],
      ['event.outcome', failed ? 'failure' : 'success'],
      ['message', message],
    ]),
    raw: `<38>1 ${new Date(time).toISOString()} gw-${mixed % 40} sshd ${300 + (mixed % 30_000)} - - ${message}`,
  };
}
