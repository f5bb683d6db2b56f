import { type Event, type Fields, uuidv7 } from '@kydai/contracts';
import {
  createIntake,
  createNormaliser,
  createSyslogCollector,
  type Detector,
  type Normaliser,
} from '@kydai/siem';
import { openLake } from '@kydai/store';
import type { Figure } from '../run.ts';
import { lineOf, send } from './sender.ts';

/** The first ones are not counted: rules are compiled, and code too. */
const warmUp = 10;
const batches = 25;
const batchEvents = 4000;
const clock = { now: () => Date.now() };

/**
 * Processor time for each event, stage by stage, each run alone: taking lines in (socket, frames, queue, accounts),
 * parsing, detection, writing (encoding and the disk, in the thread that receives), and what other threads then do to
 * turn it into Parquet.
 */
export async function measureStages(
  detector: Detector,
  folder: string,
  emit: (figure: Figure) => void,
): Promise<void> {
  const tell = (stage: string, value: number) =>
    emit({ name: `ingest.stage.${stage}`, value, unit: 'us/event' });
  tell('take-in', await takeIn());
  const normaliser = createNormaliser();
  const spent = { parse: 0, detect: 0, write: 0 };
  const lake = await openLake({ folder, clock });
  let beforeAll = process.cpuUsage();
  let own = 0;
  for (let batch = -warmUp; batch < batches; batch++) {
    if (batch === 0) {
      await lake.flush();
      Object.assign(spent, { parse: 0, detect: 0, write: 0 });
      own = 0;
      beforeAll = process.cpuUsage();
    }
    const lines = Array.from({ length: batchEvents }, (_, at) =>
      lineOf(((batch + warmUp) * batchEvents + at) % 20_000),
    );
    const start = cpu();
    const events = lines.map((raw) => new ReadEvent(raw, normaliser));
    const parsed = cpu();
    detector.processBatch(events);
    const detected = cpu();
    await lake.append(events);
    const written = cpu();
    spent.parse += parsed - start;
    spent.detect += detected - parsed;
    spent.write += written - detected;
    own += written - start;
  }
  const flushed = cpu();
  await lake.flush();
  own += cpu() - flushed;
  const all = process.cpuUsage(beforeAll);
  await lake.close();
  const events = batches * batchEvents;
  for (const [stage, time] of Object.entries(spent)) tell(stage, time / events);
  tell('convert', (all.user + all.system - own) / events);
}

/** As the intake makes them: of a class, which V8 collects at another cost than what a literal makes. */
class ReadEvent implements Event {
  readonly id: string;
  readonly time: number;
  readonly received = clock.now();
  readonly source = 'syslog-tcp/127.0.0.1';
  readonly dataset: string;
  readonly fields: Fields;
  readonly raw: string;

  constructor(raw: string, normaliser: Normaliser) {
    const { time, dataset, fields } = normaliser.line(raw, this.received);
    this.id = uuidv7(this.received);
    this.time = time;
    this.dataset = dataset;
    this.fields = fields;
    this.raw = raw;
  }
}

/** The way in with a normaliser that reads nothing and a store that keeps nothing. */
async function takeIn(): Promise<number> {
  const read = { ...createNormaliser().line('<13>nothing', 0) };
  let events = 0;
  const intake = createIntake({
    clock,
    store: {
      async append(given) {
        events += given.length;
      },
    },
    normaliser: { line: () => read, document: () => read, newHeaders: () => [] },
    onEvents() {},
  });
  const collector = createSyslogCollector({ host: '127.0.0.1', tcpPort: 0, intake });
  const { tcp } = await collector.listen();
  const start = cpu();
  const sent = await send(tcp!.port, { seconds: 1, rate: 0 });
  while (events < sent) await new Promise((resolve) => setTimeout(resolve, 5));
  const used = cpu() - start;
  await collector.close();
  await intake.close();
  return used / events;
}

/** Of this thread, in microseconds. */
function cpu(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}
