import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Event } from '@kydai/contracts';
import {
  createDetector,
  createElasticBulkHandler,
  createIntake,
  createJsonLinesHandler,
  createOtlpLogsHandler,
  loadRules,
  readMappings,
} from '@kydai/siem';
import { MissingCorpus, openCorpus, type SuiteOptions, type SuiteResult } from './corpus.ts';
import { shippedLine, written } from './fixtures/equipment.ts';
import { type Shipped, shipped } from './fixtures/shipped.ts';
import { readRuleFiles } from './sigma.ts';

/**
 * Documents as the shippers send them, and lines in the formats of network equipment, sensors and web servers, through
 * the doors that they use: each keeps its fields, becomes an event of the right log source, and fires the rule of
 * SigmaHQ's that speaks of it.
 */
export async function run(options: SuiteOptions): Promise<SuiteResult> {
  const archive = options.rules ?? join(options.shared, 'sigma-rules.tar.gz');
  if (!existsSync(archive)) throw new MissingCorpus('there are no rules');
  const folder = join(import.meta.dirname, '../../policies/mappings');
  const files = ['cloud.yml', 'network.yml'].map((file) => ({
    file,
    text: readFileSync(join(folder, file), 'utf8'),
  }));
  const { fieldMaps } = readMappings(files);
  const { rules } = loadRules(readRuleFiles(await openCorpus(archive)), { fieldMaps });
  const titles = new Map(rules.rules.map(({ id, title }) => [id, title]));
  const detector = createDetector({ rules, clock: { now: () => Date.now() } });
  const failures: string[] = [];
  let passed = 0;
  const check = (what: string, holds: boolean, detail: string) => {
    if (holds) passed++;
    else failures.push(`${what}: ${detail}`);
  };
  for (const each of shipped) {
    const event = await ship(each);
    check(each.name, event !== undefined, 'it was refused');
    if (event === undefined) continue;
    check(
      each.name,
      event.dataset === each.dataset,
      `it became \`${event.dataset}\`, not \`${each.dataset}\``,
    );
    for (const [name, value] of Object.entries(each.fields ?? {})) {
      const found = event.fields.get(name);
      check(
        each.name,
        String(found) === String(value),
        `\`${name}\` is ${String(found)}, not ${String(value)}`,
      );
    }
    if (each.rule === undefined) continue;
    const fired = detector.matches(event).map((id) => titles.get(id) ?? id);
    check(each.name, fired.includes(each.rule), `fires [${fired.join('; ')}], not \`${each.rule}\``);
  }
  for (const { name, rule, dataset, syslog, file } of written) {
    const event =
      syslog === undefined
        ? await ship({ door: 'events', document: shippedLine(file ?? []) })
        : await push(syslog);
    check(name, event?.dataset === dataset, `it became \`${event?.dataset}\`, not \`${dataset}\``);
    if (event === undefined || rule === undefined) continue;
    const fired = detector.matches(event).map((id) => titles.get(id) ?? id);
    check(name, fired.includes(rule), `fires [${fired.join('; ')}], not \`${rule}\``);
  }
  return { passed, failed: failures.length, failures };
}

async function push(line: string): Promise<Event | undefined> {
  const events: Event[] = [];
  const intake = createIntake({
    store: { append: async (batch) => void events.push(...batch) },
    clock: { now: () => Date.now() },
    onEvents: () => {},
  });
  intake.push(intake.account('syslog-udp', '10.0.0.1'), line, line.length);
  await intake.close();
  return events[0];
}

async function ship({ door, document }: Pick<Shipped, 'door' | 'document'>): Promise<Event | undefined> {
  const events: Event[] = [];
  const intake = createIntake({
    store: { append: async (batch) => void events.push(...batch) },
    clock: { now: () => Date.now() },
    onEvents: () => {},
  });
  const post = (path: string, type: string, body: string) =>
    new Request(`http://localhost${path}`, { method: 'POST', body, headers: { 'content-type': type } });
  const json = JSON.stringify(document);
  const peer = { address: '127.0.0.1' };
  if (door === 'bulk') {
    const body = `{"create":{"_index":"logs-generic-default"}}\n${json}\n`;
    const handler = createElasticBulkHandler({ intake, version: '9.5.1' });
    await handler(post('/_bulk', 'application/x-ndjson', body), peer);
  } else if (door === 'otlp') {
    const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'gate' } }] };
    const request = { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [document] }] }] };
    await createOtlpLogsHandler({ intake })(
      post('/v1/logs', 'application/json', JSON.stringify(request)),
      peer,
    );
  } else await createJsonLinesHandler({ intake })(post('/events', 'application/x-ndjson', json), peer);
  await intake.close();
  return events[0];
}
