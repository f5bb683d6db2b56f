import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Event, FieldValue } from '@kydai/contracts';
import { createDetector, type Detector, loadRules, type StatePiece } from '@kydai/siem';
import type { Figure } from './run.ts';

const groups = 1_000_000;
const time = 1_795_000_000_000;
const clock = { now: () => time };
const rules = `title: Refused sign-ins
id: 8d2f0a57-6f0e-4d5c-8a33-0d7cb1a2f001
logsource: { service: bench }
detection:
  selection: { event.outcome: failure }
  condition: selection
---
title: Many refused sign-ins
id: 8d2f0a57-6f0e-4d5c-8a33-0d7cb1a2f002
correlation:
  type: event_count
  rules: [8d2f0a57-6f0e-4d5c-8a33-0d7cb1a2f001]
  group-by: [user.name]
  timespan: 1h
  condition: { gte: 5 }
`;

/**
 * One correlation over a million live groups: what they hold in memory, events a second into groups that are there and
 * that are not, and how long it takes to write them down and to take them up again. A tenth of the events come late.
 */
export async function run(emit: (figure: Figure) => void): Promise<void> {
  const detector = createDetector({ rules: loadRules([{ file: 'bench.yml', text: rules }]).rules, clock });
  const before = liveBytes();
  emit({ name: 'correlate.open.rate', value: feed(detector, 0), unit: 'events/s' });
  const [{ groups: live = 0 } = {}] = detector.stats().correlations;
  if (live !== groups) throw new Error(`${live} groups live, not ${groups}`);
  emit({ name: 'correlate.memory', value: (liveBytes() - before) / live, unit: 'B/group' });
  emit({ name: 'correlate.rate', value: feed(detector, 1), unit: 'events/s' });

  let started = performance.now();
  const began = started;
  const pieces: string[] = [];
  let longest = 0;
  for (const piece of detector.checkpoint()) {
    pieces.push(JSON.stringify(piece));
    const now = performance.now();
    longest = Math.max(longest, now - started);
    started = now;
  }
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  emit({ name: 'correlate.checkpoint', value: performance.now() - began, unit: 'ms' });
  emit({ name: 'correlate.checkpoint.bytes', value: bytes / live, unit: 'B/group' });
  emit({ name: 'correlate.checkpoint.longest-pause', value: longest, unit: 'ms' });
  started = performance.now();
  const restored = createDetector({ rules: loadRules([{ file: 'bench.yml', text: rules }]).rules, clock });
  restored.restore(parsed(pieces));
  emit({ name: 'correlate.restore', value: performance.now() - started, unit: 'ms' });
}

/** One piece at a time, as they are read from a file. */
function* parsed(pieces: readonly string[]): Generator<StatePiece> {
  for (const piece of pieces) yield JSON.parse(piece) as StatePiece;
}

/** Events a second, one for each group, made a thousand at a time outside of what is measured. */
function feed(detector: Detector, round: number): number {
  let spent = 0;
  for (let from = 0; from < groups; from += 1000) {
    const events = Array.from({ length: 1000 }, (_, at) => eventOf(((from + at) * 7919) % groups, round));
    const started = performance.now();
    detector.processBatch(events);
    spent += performance.now() - started;
  }
  return (groups / spent) * 1000;
}

function eventOf(user: number, round: number): Event {
  const late = user % 10 === 0 ? 20_000 : 0;
  return {
    id: `01a1ee56-5e0${round}-7000-8000-${user.toString(16).padStart(12, '0')}`,
    time: time + round * 60_000 - late,
    received: time + round * 60_000,
    source: 'bench',
    dataset: 'bench',
    fields: new Map<string, FieldValue>([
      ['event.outcome', 'failure'],
      ['user.name', `user-${user}`],
    ]),
    raw: '',
  };
}

function liveBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
