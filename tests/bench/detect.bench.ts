import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gunzipSync } from 'node:zlib';
import type { Event, FieldValue } from '@kydai/contracts';
import { createDetector, createNormaliser, type Detector, loadRules, type RuleSet } from '@kydai/siem';
import { MissingCorpus, openCorpus } from '../conformance/corpus.ts';
import { readCases, readRuleFiles } from '../conformance/sigma.ts';
import type { Figure } from './run.ts';

/**
 * Detection on one core with all of SigmaHQ's rules loaded: 20,000 distinct flat events a mix, made from the corpora by
 * varying ids, paths, users and addresses. The baseline is the plain evaluator over the same routed rules, on a sample
 * of the same events. `cpu` is the processor time of an event, which a busy machine does not change as much as the rate.
 * `detect.change` is a change of one of the 1,420 rules of process creation: the longest pause between two events while it is
 * made ready, and the longest time that one of the next 2,000 events takes. `detect.memory` is what rules and
 * detector hold after a full collection.
 */
const shared = join(import.meta.dirname, '../../../shared/corpora');
const distinct = 20_000;
const clock = { now: () => 1_795_000_000_000 };
type Random = () => number;

export async function run(emit: (figure: Figure) => void): Promise<void> {
  const material = await readMaterial();
  if (!material) return;
  const { files, windows, linux, web } = material;
  const before = liveBytes();
  const started = performance.now();
  const { rules } = loadRules(files);
  emit({ name: 'detect.load', value: performance.now() - started, unit: 'ms' });

  const creations = windows.filter((event) => event.fields.get('EventID') === 1);
  const lines = [...linux, ...web];
  const mixes: readonly (readonly [string, (random: Random) => Event])[] = [
    ['all-rules', (random) => pick(random() < 0.7 ? windows : lines, random)],
    ['process-creation', (random) => pick(creations, random)],
    ['linux', (random) => pick(linux, random)],
  ];
  const detector = createDetector({ rules, clock, throttle: false });
  const naive = createDetector({ rules, clock, throttle: false, engine: 'reference' });
  for (const [name, draw] of mixes) {
    const random = generator(7);
    const events = Array.from({ length: distinct }, (_, index) => vary(draw(random), index, random));
    rateOf(detector, events, 1);
    const { rate: value, cpu } = rateOf(detector, events, 2500);
    const { rate: baseline } = rateOf(naive, events, 2500);
    emit({
      name: `detect.${name}.rate`,
      value,
      unit: 'events/s',
      baseline,
      baselineName: 'plain evaluator over the same routed rules',
      ratio: value / baseline,
    });
    emit({ name: `detect.${name}.cpu`, value: cpu, unit: 'us/event' });
  }
  emit({ name: 'detect.memory', value: (liveBytes() - before) / 1e6, unit: 'MB' });
  measureChange(detector, rules, creations, emit);
}

/** Switches one rule off. */
function measureChange(
  detector: Detector,
  rules: RuleSet,
  events: readonly Event[],
  emit: (figure: Figure) => void,
): void {
  const off = rules.rules.findIndex(({ logsource }) => logsource.category === 'process_creation');
  const work = detector.succeeding({
    rules: { ...rules, rules: rules.rules.toSpliced(off, 1) },
    throttle: false,
  });
  let longest = 0;
  for (;;) {
    const started = performance.now();
    const { done, value: next } = work.next();
    longest = Math.max(longest, performance.now() - started);
    if (!done) continue;
    emit({ name: 'detect.change.longest-pause', value: longest, unit: 'ms' });
    longest = 0;
    for (let at = 0; at < 2000; at++) {
      const began = performance.now();
      next.process(events[at % events.length]!);
      longest = Math.max(longest, performance.now() - began);
    }
    emit({ name: 'detect.change.longest-event', value: longest, unit: 'ms' });
    return;
  }
}

/**
 * Events per second over whole rounds of the mix, or over as many of its events as the time (ms) allows, and the
 * microseconds of processor time of each.
 */
function rateOf(
  detector: Detector,
  events: readonly Event[],
  time: number,
): { readonly rate: number; readonly cpu: number } {
  const started = performance.now();
  const before = process.threadCpuUsage();
  let done = 0;
  let elapsed = 0;
  while (elapsed < time) {
    const step = events.slice(done % events.length, (done % events.length) + 100);
    for (const event of step) detector.process(event);
    done += step.length;
    elapsed = performance.now() - started;
    if (time <= 1 && done < events.length) elapsed = 0;
  }
  const { user, system } = process.threadCpuUsage(before);
  return { rate: (done / elapsed) * 1000, cpu: (user + system) / done };
}

async function readMaterial() {
  try {
    const files = readRuleFiles(await openCorpus(join(shared, 'sigma-rules.tar.gz')));
    const cases = readCases(await openCorpus(join(shared, 'sigma-regression.tar.gz')));
    const log = (name: string) =>
      gunzipSync(readFileSync(join(shared, `logs/${name}_2k.log.gz`)))
        .toString('utf8')
        .split(/\r?\n/)
        .filter(Boolean);
    const normaliser = createNormaliser();
    const event = (raw: string): Event => {
      const { time, dataset, fields } = normaliser.line(raw, clock.now());
      return { id: '', time, received: clock.now(), source: 'bench', dataset, fields, raw };
    };
    const linux = [...log('OpenSSH'), ...log('Linux')].map(event);
    // The corpora's web log is an error log; what its clients asked for is told as access lines too.
    const errors = log('Apache');
    const web = [...errors, ...errors.map(toAccessLine)].map(event);
    return { files, windows: cases.flatMap(({ events }) => events), linux, web };
  } catch (error) {
    if (!(error instanceof MissingCorpus) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    console.error(`detect: skipped, ${(error as Error).message}`);
    return undefined;
  }
}

function toAccessLine(line: string, index: number): string {
  const client = /\[client ([\d.]+)\]/.exec(line)?.[1] ?? `192.0.2.${index % 250}`;
  const path = /(\/[\w./-]+)/.exec(line)?.[1] ?? `/dich-vu/ho-so/${index}?trang=${index % 9}`;
  const agent =
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36';
  return `${client} - - [21/Nov/2026:20:26:00 +0700] "GET ${path} HTTP/1.1" ${index % 7 ? 200 : 404} ${index * 13} "-" "${agent}"`;
}

/** Another event of the same kind: other hexadecimal ids, users, paths and addresses. */
function vary(event: Event, index: number, random: Random): Event {
  const digit = () => Math.floor(random() * 16).toString(16);
  const replace = (text: string) =>
    text
      .replace(/[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}/gi, (id) =>
        id.replace(/[0-9a-f]/gi, digit),
      )
      .replace(/\b[0-9A-F]{32,64}\b/g, (id) => id.replace(/./g, digit))
      .replace(/\bxodih\b/g, `user${index % 5000}`)
      .replace(/\bswachchhanda\b/gi, `host-${index % 700}`)
      .replace(
        /\b(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\b/g,
        (_, a) => `${a}.${index % 251}.${index % 241}.7`,
      )
      .replace(/\\Temp\\/gi, () => `\\Temp\\${digit()}${digit()}${digit()}\\`);
  const fields = new Map<string, FieldValue>();
  for (const [name, value] of event.fields.entries()) {
    if (typeof value === 'string') fields.set(name, replace(value));
    else
      fields.set(
        name,
        name.endsWith('Id') && typeof value === 'number' ? Math.floor(random() * 65_000) : value,
      );
  }
  const id = `00000000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`;
  return { ...event, id, time: clock.now(), received: clock.now(), fields, raw: replace(event.raw) };
}

function pick<T>(list: readonly T[], random: Random): T {
  return list[Math.floor(random() * list.length)]!;
}

/** Mulberry32: the same events in every run. */
function generator(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

function liveBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
