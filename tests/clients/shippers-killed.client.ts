import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, type Program, startProgram } from '../program.ts';
import type { Checks } from './checks.ts';
import { operatorHeaders } from './operated.ts';
import { bulkPy, otlpJs, otlpPy, pinoJs } from './shippers-killed.programs.ts';

const count = 10_000;

/**
 * Real clients against the program with TLS and an API token, which is killed while they send and started again: each
 * event is there exactly once in the end. Elastic's client for Python, pino-elasticsearch (not killed), OpenTelemetry's
 * SDK for Python (protobuf) and JavaScript (JSON).
 */
export async function run(_: Program, checks: Checks): Promise<void> {
  const environment = { KYDAI_COLLECT_TLS: 'on', KYDAI_COLLECT_PORT: String(await freePort()) };
  let program = await startProgram({ environment });
  const { folder } = program;
  const token = (await program.cli('token', 'shipper', '--scope', 'ingest-events')).stdout.trim();
  const root = await fetch(`${program.addresses.status}/pki/ca/root.pem`);
  writeFileSync(join(folder, 'root.pem'), await root.text());
  const origin = program.addresses.collect.replace('127.0.0.1', 'localhost');
  const variables = {
    KYDAI_URL: origin,
    KYDAI_TOKEN: token,
    KYDAI_CA: join(folder, 'root.pem'),
    KYDAI_COUNT: String(count),
    PYTHONPATH: join(folder, 'python'),
    NODE_EXTRA_CA_CERTS: join(folder, 'root.pem'),
    // Where it is set, it wins over what a program of Python's requests says.
    REQUESTS_CA_BUNDLE: join(folder, 'root.pem'),
  };
  const kept = async (): Promise<number> => {
    const url = `${program.addresses.http}/api/v1/sources`;
    const body = (await (await fetch(url, { headers: operatorHeaders(program) })).json()) as {
      sources: readonly { source: string; kept: number }[];
    };
    return body.sources
      .filter(({ source }) => /^(?:bulk|http)\//.test(source))
      .reduce((sum, source) => sum + source.kept, 0);
  };
  /** Runs the client until its end; again where it gave up while the program was away, as its operator would. */
  const through = async (name: string, file: string, args: readonly string[], tag: string) => {
    const before = await kept();
    const start = () => {
      const child = spawn(file, args, { cwd: folder, env: { ...process.env, ...variables } });
      process.once('exit', () => child.kill('SIGKILL'));
      return { child, ended: ending(child) };
    };
    let running = start();
    await eventually(
      async () => (await kept()) - before > count / 10 || running.child.exitCode !== null,
      60_000,
    );
    checks.ok(`${name}: it is still sending when the program is killed`, running.child.exitCode === null);
    program = await program.restart('SIGKILL');
    let end = await running.ended;
    if (end.code !== 0) {
      running = start();
      end = await running.ended;
    }
    checks.equal(`${name}: ends well`, end.code, 0);
    if (end.code !== 0) checks.fail(name, end.output.slice(-2000));
    const exported = join(folder, `${tag}.ndjson`);
    const lines = await eventually(async () => {
      await program.cli('search', `message:*${tag}-*`, '--export', exported);
      const all = readFileSync(exported, 'utf8').split('\n').filter(Boolean);
      return all.length >= count ? all : undefined;
    }, 20_000).catch(() => readFileSync(exported, 'utf8').split('\n').filter(Boolean));
    const found = lines.map((line) => new RegExp(`${tag}-(\\d+)`).exec(line)?.[1]);
    checks.equal(`${name}: every event is there`, new Set(found).size, count);
    checks.equal(`${name}: and none twice`, found.length, count);
    return { lines, output: end.output };
  };

  try {
    await python();
    await javascript();
  } finally {
    checks.equal('the program stops cleanly after all that', await program.stop('SIGINT'), 0);
  }

  /** Longer than a check may take: it downloads, and compiles. */
  async function prepare(what: string, line: string, at = folder): Promise<boolean> {
    const { code, output } = await ending(spawn('bash', ['-euo', 'pipefail', '-c', line], { cwd: at }));
    checks.equal(what, code, 0);
    if (code !== 0) checks.fail(what, output.slice(-2000));
    return code === 0;
  }

  async function python(): Promise<void> {
    const packages =
      'elasticsearch==9.5.1 opentelemetry-sdk==1.45.2 opentelemetry-exporter-otlp-proto-http==1.45.2';
    const pip = 'python3 -m pip install -q --only-binary=:all: --target python --no-warn-script-location';
    if (!(await prepare('the Python clients are there', `${pip} ${packages}`))) return;
    writeFileSync(join(folder, 'bulk.py'), bulkPy);
    const bulk = await through('elasticsearch-py', 'python3', ['bulk.py'], 'espy');
    checks.matches('elasticsearch-py: what was there already is a conflict', bulk.output, /other errors 0/);
    checks.matches('elasticsearch-py: a wrong token is refused as such', bulk.output, /wrong token: 401/);
    writeFileSync(join(folder, 'otlp.py'), otlpPy);
    const { lines } = await through('OpenTelemetry SDK for Python', 'python3', ['otlp.py'], 'otpy');
    const event = JSON.parse(lines[0] ?? '{}') as { fields?: Record<string, unknown> };
    checks.equal('OpenTelemetry SDK for Python: the resource', event.fields?.['service.name'], 'gate');
    checks.equal('OpenTelemetry SDK for Python: the attribute', event.fields?.['source.ip'], '203.0.113.7');
  }

  async function javascript(): Promise<void> {
    const packages =
      '@opentelemetry/exporter-logs-otlp-http@0.223.1 @opentelemetry/sdk-logs@0.223.1 ' +
      '@opentelemetry/resources@2.12.1 pino@10.4.0 pino-elasticsearch@9.0.0';
    const npm = 'npm install --prefix . --silent --no-audit --no-fund --ignore-scripts --no-save';
    if (!(await prepare('the JavaScript clients are there', `${npm} ${packages}`))) return;
    writeFileSync(join(folder, 'otlp.mjs'), otlpJs);
    await through('OpenTelemetry SDK for JavaScript', process.execPath, ['otlp.mjs'], 'otjs');
    writeFileSync(join(folder, 'pino.mjs'), pinoJs);
    const pino = await ending(
      spawn(process.execPath, ['pino.mjs'], {
        cwd: folder,
        env: { ...process.env, ...variables, KYDAI_COUNT: '1000' },
      }),
    );
    checks.matches('pino-elasticsearch: takes all as stored', pino.output, /successful 1000 failed 0/);
    const search = () => program.cli('search', 'message:*pino-*', '--limit', '1000', '--json');
    const lines = async () => (await search()).stdout.split('\n').filter((line) => line.includes('pino-'));
    const all = await eventually(async () => ((await lines()).length >= 1000 ? lines() : undefined), 20_000)
      .catch(lines); // biome-ignore format: one thought
    checks.equal('pino-elasticsearch: every event is there once', all.length, 1000);
  }
}

async function ending(child: ChildProcess): Promise<{ code: number; output: string }> {
  let output = '';
  const hear = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  const ended = once(child, 'close') as Promise<[number | null]>;
  const [code] = await Promise.race([ended, delay(150_000, [-1] as [number], { ref: false })]);
  return { code: code ?? -1, output };
}

/** Across restarts a client needs the same port. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
