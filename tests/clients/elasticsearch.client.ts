import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, type Program, startProgram, temporaryFolder } from '../program.ts';
import { startElasticsearch } from '../servers/elasticsearch.ts';
import type { Checks } from './checks.ts';

const stream = 'logs-kydai-default';

/**
 * A real Elasticsearch: the contract of event stores and its differential test against the lake, then the program with
 * it, through a power cut of the server in the middle of a load, and the move of a lake's history.
 */
export async function run(lake: Program, checks: Checks): Promise<void> {
  const server = await startElasticsearch();
  try {
    await contract(server.node, checks);
    await outage(server, checks);
    await history(server.node, lake, checks);
  } finally {
    await server.stop();
  }
}

async function contract(node: string, checks: Checks): Promise<void> {
  const folder = join(import.meta.dirname, '../../packages/store');
  const file = join(temporaryFolder(), 'report.json');
  const slow = ['--testTimeout=120000', '--hookTimeout=120000'];
  const args = ['vitest', 'run', 'src/elastic', ...slow, '--reporter=json', `--outputFile=${file}`];
  const output = await new Promise<string>((resolve) => {
    const environment = { ...process.env, KYDAI_TEST_ELASTICSEARCH: node };
    const options = { cwd: folder, env: environment, timeout: 400_000, maxBuffer: 64 * 1024 * 1024 };
    execFile('npx', args, options, (_, stdout, stderr) => resolve(stdout + stderr));
  });
  const report = (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { numPassedTests: 0 }) as {
    numPassedTests: number;
    numFailedTests?: number;
  };
  checks.ok('the contract and the differential test hold', report.numFailedTests === 0, output.slice(-3_000));
  checks.ok('none of them is skipped', report.numPassedTests >= 30, `${report.numPassedTests} passed`);
}

const settings = (node: string) => ({
  KYDAI_EVENTS_STORE: 'elasticsearch',
  KYDAI_EVENTS_ELASTICSEARCH_NODE: node,
  KYDAI_EVENTS_ELASTICSEARCH_REPLICAS: '0',
});

const lines = (from: number, count: number, at: number) =>
  Array.from({ length: count }, (_, n) =>
    JSON.stringify({
      '@timestamp': new Date(at + from + n).toISOString(),
      message: `load ${from + n}`,
      'labels.n': from + n,
      'user.name': `user-${(from + n) % 7}`,
    }),
  ).join('\n');

async function send(program: Program, body: string): Promise<number> {
  const response = await fetch(`${program.addresses.collect}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body,
  });
  return response.status;
}

async function stats(program: Program): Promise<{ events: number; waiting: number } | undefined> {
  const { stdout, code } = await program.cli('store', 'stats', '--json');
  return code === 0 ? JSON.parse(stdout) : undefined;
}

/** How many load events are in the index, and how many different ones. */
async function counted(node: string): Promise<{ all: number; different: number }> {
  await fetch(`${node}/${stream}/_refresh`, { method: 'POST' });
  const response = await fetch(`${node}/${stream}/_search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      size: 10_000,
      query: { prefix: { 'kydai.terms': { value: 'message\0sload ' } } },
      _source: ['message'],
    }),
  });
  const { hits } = (await response.json()) as { hits: { hits: { _source: { message: string } }[] } };
  const messages = hits.hits.map(({ _source }) => _source.message);
  return { all: messages.length, different: new Set(messages).size };
}

async function outage(server: Awaited<ReturnType<typeof startElasticsearch>>, checks: Checks): Promise<void> {
  let program = await startProgram({ environment: settings(server.node) });
  const start = Date.now() - 60_000;
  const total = 6_000;
  let sent = 0;
  let refused = 0;
  const load = (async () => {
    while (sent < total) {
      if ((await send(program, lines(sent, 100, start))) >= 300) refused++;
      else sent += 100;
      await delay(60);
    }
  })();
  await delay(1_000);
  await server.stop('SIGKILL');
  await load;
  checks.equal('no batch is refused while the server is away', refused, 0);
  // The program is killed too: what it acknowledged is on its disk.
  program = await program.restart('SIGKILL');
  checks.equal(
    'it starts without the server, and takes events',
    await send(program, lines(total, 100, start)),
    200,
  );
  await server.start();
  await eventually(async () => (await stats(program))?.waiting === 0, 60_000);
  const { all, different } = await counted(server.node);
  checks.equal('all that was acknowledged is there', different, total + 100);
  checks.equal('and nothing twice', all, total + 100);
  await asking(program, checks, total + 100);
  checks.equal('it stops cleanly', await program.stop('SIGINT'), 0);
}

async function asking(program: Program, checks: Checks, total: number): Promise<void> {
  const found = await program.cli('search', 'message:"load 17" and user.name:USER-3', '--json');
  checks.equal('a search finds its event', found.stdout.trim().split('\n').length, 1);
  for (const format of ['csv', 'ndjson', 'parquet']) {
    const file = join(program.folder, `found.${format}`);
    const { code, stdout } = await program.cli('search', 'message:load*', '--export', file);
    checks.equal(`${format}: exported`, code, 0);
    checks.matches(
      `${format}: says how many`,
      stdout,
      new RegExp(`Wrote ${total.toLocaleString('en')} events`),
    );
    const content = readFileSync(file);
    if (format === 'parquet') checks.equal('parquet: is one', content.toString('latin1', 0, 4), 'PAR1');
    else {
      const rows = content.toString().trimEnd().split('\n').length;
      checks.equal(`${format}: a line for each`, rows, total + (format === 'csv' ? 1 : 0));
    }
  }
  const hold = await program.cli('store', 'hold', 'case-1', '--reason', 'court order', '--dataset', 'x');
  checks.equal('a legal hold is set', hold.code, 0);
  checks.matches('and listed', (await program.cli('store', 'holds')).stdout, /case-1 .*court order/);
  checks.equal('and released', (await program.cli('store', 'release', 'case-1')).code, 0);
  checks.ok('once', (await program.cli('store', 'release', 'case-1')).code !== 0);
  const audit = (await program.cli('audit', 'list', '--limit', '50')).stdout;
  checks.matches('the audit log tells of it', audit, /events\.hold[\s\S]*events\.release/);
  checks.ok('SQL is of the lake alone', (await program.cli('store', 'sql', 'select 1')).code !== 0);
}

async function history(node: string, lake: Program, checks: Checks): Promise<void> {
  const before = await counted(node);
  checks.equal(
    'the lake takes events',
    await send(lake, lines(20_000, 2_500, Date.now() - 3 * 86_400_000)),
    200,
  );
  const sql = await lake.cli(
    'store',
    'sql',
    "select count(*) from events where raw like '%load 2%'",
    '--json',
  );
  checks.matches('and answers SQL', sql.stdout, /^\["?2500"?\]/);
  const held = (await stats(lake))!.events;
  await lake.stop();
  const moved = await startProgram({ folder: lake.folder, environment: settings(node) });
  const first = await moved.cli('store', 'migrate');
  checks.equal('history moves', first.code, 0);
  checks.matches('all of it', first.stdout, new RegExp(`Moved ${held.toLocaleString('en')} events`));
  checks.equal('and again, when asked again', (await moved.cli('store', 'migrate')).code, 0);
  const after = await counted(node);
  checks.equal('each event once', after.all, before.all + 2_500);
  checks.equal('and all of them', after.different, before.different + 2_500);
  await moved.stop();
}
