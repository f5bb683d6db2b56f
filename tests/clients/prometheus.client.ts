import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { parse } from 'yaml';
import { eventually, type Program, temporaryFolder } from '../program.ts';
import { type Checks, command } from './checks.ts';

const dashboards = join(import.meta.dirname, '../../dashboards');

/**
 * A real Prometheus with our scrape configuration and alert rules: it reads the program's metrics, and answers every
 * expression of the Grafana dashboard and of the alerts without an error.
 */
export async function run(program: Program, checks: Checks): Promise<void> {
  const folder = temporaryFolder();
  const rules = join(dashboards, 'prometheus/alerts.yml');
  const target = new URL(program.addresses.http).host;
  const configuration = readFileSync(join(dashboards, 'prometheus/prometheus.yml'), 'utf8')
    .replace('127.0.0.1:8470', target)
    .replace('alerts.yml', rules)
    .replace('scrape_interval: 15s', 'scrape_interval: 1s');
  writeFileSync(join(folder, 'prometheus.yml'), configuration);
  const checked = await command(folder, 'promtool', ['check', 'config', 'prometheus.yml']);
  checks.equal('promtool takes the configuration with its rules', checked.code, 0);
  await send(program);

  const node = `http://127.0.0.1:${await freePort()}`;
  const server = spawn(
    'prometheus',
    [
      '--config.file=prometheus.yml',
      `--storage.tsdb.path=${folder}/tsdb`,
      `--web.listen-address=${node.slice('http://'.length)}`,
      '--log.level=error',
    ],
    { cwd: folder, stdio: 'inherit' },
  );
  try {
    const ask = async <T>(path: string): Promise<T | undefined> => {
      const response = await fetch(`${node}/api/v1/${path}`).catch(() => undefined);
      const body = (await response?.json().catch(() => undefined)) as { status: string; data: T } | undefined;
      return body?.status === 'success' ? body.data : undefined;
    };
    const health = await eventually(async () => {
      const found = await ask<{ activeTargets: { health: string; lastError: string }[] }>('targets');
      return found?.activeTargets.find(({ health }) => health !== 'unknown');
    }, 30_000);
    checks.equal('the program is scraped', health.health, 'up');
    const query = (expression: string) =>
      ask<{ result: unknown[] }>(`query?query=${encodeURIComponent(expression)}`);
    const kept = await eventually(async () => {
      const found = await query('sum(kydai_source_events_kept_total)');
      return (found?.result[0] as { value: [number, string] } | undefined)?.value[1];
    });
    checks.ok('events are counted', Number(kept) >= 5, kept);
    for (const { title, expression } of expressions()) {
      // What Grafana puts in for its own variables.
      const whole = expression
        .replaceAll('$__rate_interval', '1m')
        .replaceAll('$__range', '1h')
        .replace(/\$\w+/g, '.*');
      checks.ok(`${title}: is answered`, (await query(whole)) !== undefined, whole);
    }
    const rulesRead = await ask<{
      groups: { rules: { health: string; lastError?: string; name: string }[] }[];
    }>('rules');
    const all = rulesRead?.groups.flatMap((group) => group.rules) ?? [];
    checks.ok('the alert rules are loaded', all.length > 0);
    for (const { name, lastError = '' } of all) checks.equal(`${name}: is evaluated`, lastError, '');
  } finally {
    server.kill();
  }
}

async function send(program: Program): Promise<void> {
  const body = Array.from({ length: 5 }, (_, n) => JSON.stringify({ message: `scrape ${n}` })).join('\n');
  await fetch(`${program.addresses.collect}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body,
  });
}

/** Every expression of the dashboard and of the alert rules. */
function expressions(): readonly { readonly title: string; readonly expression: string }[] {
  const { panels } = JSON.parse(readFileSync(join(dashboards, 'grafana/kydai.json'), 'utf8')) as {
    panels: { title: string; targets?: { expr: string }[] }[];
  };
  const { groups } = parse(readFileSync(join(dashboards, 'prometheus/alerts.yml'), 'utf8')) as {
    groups: { rules: { alert: string; expr: string }[] }[];
  };
  return [
    ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expression: expr }))),
    ...groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => ({ title: alert, expression: expr }))),
  ];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
