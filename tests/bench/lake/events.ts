import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { type Event, type EventStore, uuidv7 } from '@kydai/contracts';
import { MissingCorpus } from '../../conformance/corpus.ts';

/**
 * Events made of the real logs of the corpora, with their addresses, process ids, ports and times varied so that they
 * compress like a year of logs and not like the same 10,000 lines.
 */
export const needle = 'zq7x-needle-4711';
export const rareAddress = '203.0.113.77';
/** The time of the first event. */
export const start = Date.UTC(2026, 0, 5);

const folderOfLogs =
  process.env['KYDAI_BENCH_LOGS'] ?? join(import.meta.dirname, '../../../../shared/corpora/logs');

export interface Template {
  readonly dataset: string;
  readonly process: string | undefined;
  /** The line without its own timestamp, cut at what is varied. */
  readonly parts: readonly (string | { readonly vary: 'address' | 'pid' | 'port' })[];
  readonly user: string | undefined;
}

/** Makes the nth of some events; the same sequence each time but for its ids. */
export function generator(templates: readonly Template[], events: number): (n: number) => Event {
  let seed = 42;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  // A few addresses are seen often and most seldom, as in real logs.
  const address = () => {
    const n = random(10) < 7 ? random(50) : random(20_000);
    return `10.${n % 200}.${(n * 7) % 256}.${(n * 13) % 254}`;
  };
  const hosts = Array.from({ length: 40 }, (_, n) => `ioc-node-${n}`);
  let time = start;
  let pid = 1_000;
  return (n) => {
    // About 120 events a second.
    time += random(17);
    if (random(8) === 0) pid = (pid + 1 + random(3)) % 65_536;
    const template = templates[n % templates.length]!;
    const fields = new Map<string, string | number>();
    const host = hosts[Math.floor(n / 50) % hosts.length]!;
    fields.set('host.name', host);
    if (template.process !== undefined) fields.set('process.name', template.process);
    if (template.user !== undefined) fields.set('user.name', template.user);
    let raw = `${new Date(time).toISOString()} ${host} `;
    for (const part of template.parts) {
      if (typeof part === 'string') {
        raw += part;
      } else if (part.vary === 'address') {
        const ip = n === Math.floor(events / 3) ? rareAddress : address();
        fields.set('source.ip', ip);
        raw += ip;
      } else if (part.vary === 'port') {
        const port = 1_024 + random(60_000);
        fields.set('source.port', port);
        raw += `port ${port}`;
      } else {
        fields.set('process.pid', pid);
        raw += `[${pid}]`;
      }
    }
    if (n === Math.floor(events / 2)) raw += ` ${needle}`;
    const received = time + 20 + random(30);
    return {
      id: uuidv7(received),
      time,
      received,
      source: `syslog-udp/${host}`,
      dataset: template.dataset,
      fields,
      raw,
    };
  };
}

export async function readTemplates(): Promise<readonly Template[]> {
  let names: string[];
  try {
    names = (await readdir(folderOfLogs)).filter((name) => name.endsWith('.log.gz')).sort();
  } catch {
    throw new MissingCorpus(`the logs of the corpora are not at \`${folderOfLogs}\`; set KYDAI_BENCH_LOGS`);
  }
  const templates: Template[][] = [];
  for (const name of names) {
    const lines = createInterface({ input: createReadStream(join(folderOfLogs, name)).pipe(createGunzip()) });
    const some: Template[] = [];
    for await (const line of lines) some.push(template(name.split('_')[0]!.toLowerCase(), line));
    templates.push(some);
  }
  // Runs of 20 lines of each log in turn, as several sources that are collected together.
  const mixed: Template[] = [];
  for (let at = 0; at < 2_000; at += 20) for (const some of templates) mixed.push(...some.slice(at, at + 20));
  return mixed;
}

function template(log: string, line: string): Template {
  const body = line
    .replace(/^\[[^\]]*\]\s*/, '')
    .replace(/^[A-Z][a-z]{2} +\d+ [\d:]{8} \S+ /, '')
    .replace(/^\d{4}-\d\d-\d\d [\d:]{8}, /, '');
  const parts = body.split(/(\b\d{1,3}(?:\.\d{1,3}){3}\b|\[\d+\]|\bport \d+)/).map((part, at) => {
    if (at % 2 === 0) return part;
    return { vary: part.startsWith('[') ? 'pid' : part.startsWith('port') ? 'port' : 'address' } as const;
  });
  return {
    dataset: log === 'openssh' ? 'sshd.auth' : `${log}.log`,
    process: /^([\w.-]+)(?:\(\w+\))?(?:\[| -)/.exec(body)?.[1],
    user: /(?:user|for)[ =](\w+)/.exec(body)?.[1],
    parts,
  };
}

const batch = 500;
const writers = 8;

/** Appends the events as several collectors do at once. */
export async function ingest(
  store: Pick<EventStore, 'append'>,
  templates: readonly Template[],
  events: number,
): Promise<void> {
  const make = generator(templates, events);
  let next = 0;
  const writer = async () => {
    while (next < events) {
      const some: Event[] = [];
      for (; some.length < batch && next < events; next++) some.push(make(next));
      await store.append(some);
    }
  };
  await Promise.all(Array.from({ length: writers }, writer));
}
