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

const loadQuery = { prefix: { 'kydai.terms': { value: 'message\0sload ' } } };

async function asked<T>(node: string, path: string, body: object): Promise<T> {
  await fetch(`${node}/${stream}/_refresh`, { method: 'POST' });
  const response = await fetch(`${node}/${stream}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as T;
}

/** How many load events are in the index. */
async function counted(node: string): Promise<number> {
  return (await asked<{ count: number }>(node, '_count', { query: loadQuery })).count;
}

/** The numbers of the load events in the order in which the server wrote them; at most 10,000. */
async function written(node: string): Promise<readonly number[]> {
  const { hits } = await asked<{ hits: { hits: { _source: { message: string } }[] } }>(node, '_search', {
    size: 10_000,
    query: loadQuery,
    sort: [{ _seq_no: 'asc' }],
    _source: ['message'],
  });
  return hits.hits.map(({ _source }) => Number(_source.message.slice('load '.length)));
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
  const numbers = await written(server.node);
  checks.equal('all that was acknowledged is there', new Set(numbers).size, total + 100);
  checks.equal('and nothing twice', numbers.length, total + 100);
  const late = numbers.filter((number, at) => at > 0 && number < numbers[at - 1]!).length;
  checks.equal('in the order in which it came, through the outage', late, 0);
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
  const total = 20_000;
  for (let n = 0; n < total; n += 2_500) {
    const status = await send(lake, lines(20_000 + n, 2_500, Date.now() - 3 * 86_400_000));
    if (status !== 200) checks.equal('the lake takes events', status, 200);
  }
  const text = "select count(*) from events where raw like '%load 2%'";
  const sql = await lake.cli('store', 'sql', text, '--json');
  checks.matches('and answers SQL', sql.stdout, /^\["?1[01]\d\d\d"?\]/);
  const held = (await stats(lake))!.events;
  await lake.stop();
  const environment = settings(node);
  const killed = await startProgram({ folder: lake.folder, environment });
  const progress = join(lake.folder, 'data/events/migration.json');
  const cut = killed.cli('store', 'migrate');
  await eventually(async () => existsSync(progress));
  await killed.stop('SIGKILL');
  checks.ok('a kill in the middle of the move is noticed', (await cut).code !== 0);
  const some = (await counted(node)) - before;
  checks.ok('part of the history is there then', some > 0 && some < total, String(some));
  const moved = await startProgram({ folder: lake.folder, environment });
  const first = await moved.cli('store', 'migrate');
  checks.equal('the move goes on', first.code, 0);
  // What the program itself notes as it stops comes on top.
  const told = Number(
    /Moved ([\d,]+) events; the counts of every day agree/.exec(first.stdout)?.[1]?.replaceAll(',', ''),
  );
  checks.ok('to the end, with the counts of each day', told >= held && told < held + 10, first.stdout);
  checks.equal('and once more, when asked again', (await moved.cli('store', 'migrate')).code, 0);
  checks.equal('each event is there once', await counted(node), before + total);
  await moved.stop();
}
