import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * A real Elasticsearch for tests: the server's own distribution for integration tests, from Maven Central. It needs a
 * JDK of 17 or newer, `mvn` and `unzip`. `npm run elasticsearch [PORT]` starts one on 127.0.0.1 (port 9200 unless told) until Ctrl-C.
 */
export const elasticsearchVersion = '8.19.5';

export interface ElasticsearchServer {
  /** `http://127.0.0.1:PORT` */
  readonly node: string;
  /** Stops it: SIGTERM, or SIGKILL as a power cut. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Starts it again on the same data and port. */
  start(): Promise<void>;
}

/** Elasticsearch refuses to run as root. */
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const cache = join(tmpdir(), `kydai-elasticsearch-${process.getuid?.() ?? 0}`);

/** Fetches the distribution where it is not in the cache yet; returns its folder. */
function distribution(): string {
  const home = join(cache, `elasticsearch-${elasticsearchVersion}`);
  if (existsSync(home)) return home;
  mkdirSync(cache, { recursive: true, mode: 0o755 });
  const artifact = `org.elasticsearch.distribution.integ-test-zip:elasticsearch:${elasticsearchVersion}:zip`;
  const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';
  const scratch = mkdtempSync(join(cache, 'fetch-'));
  chmodSync(scratch, 0o755);
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, args, { cwd: scratch, stdio: ['ignore', 'ignore', 'inherit'] });
  run('mvn', '-q', '-B', `${plugin}:get`, `-Dartifact=${artifact}`, '-Dtransitive=false');
  run('mvn', '-q', '-B', `${plugin}:copy`, `-Dartifact=${artifact}`, `-DoutputDirectory=${scratch}`);
  const archive = readdirSync(scratch).find((name) => name.endsWith('.zip'))!;
  run('unzip', '-q', join(scratch, archive));
  renameSync(join(scratch, `elasticsearch-${elasticsearchVersion}`), home);
  rmSync(scratch, { recursive: true });
  return home;
}

/** Starts a server with a heap of 512 MB on a fresh folder that `stop` leaves and the end of the process removes. */
export async function startElasticsearch(port = 0): Promise<ElasticsearchServer> {
  const home = distribution();
  const chosen = port === 0 ? await freePorts() : [port, (await freePorts())[1]!];
  const folder = mkdtempSync(join(tmpdir(), 'kydai-es-'));
  for (const name of ['config', 'data', 'logs', 'tmp']) mkdirSync(join(folder, name));
  cpSync(join(home, 'config'), join(folder, 'config'), { recursive: true });
  if (nobody.uid !== undefined)
    for (const path of everything(folder)) chownSync(path, nobody.uid, nobody.gid);
  let child: ChildProcess | undefined;
  const remove = () => {
    child?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once('exit', remove);
  const node = `http://127.0.0.1:${chosen[0]}`;
  const settings = {
    'discovery.type': 'single-node',
    'xpack.security.enabled': 'false',
    'network.host': '127.0.0.1',
    'http.port': String(chosen[0]),
    'transport.port': String(chosen[1]),
    'path.data': join(folder, 'data'),
    'path.logs': join(folder, 'logs'),
    'cluster.routing.allocation.disk.threshold_enabled': 'false',
    'action.destructive_requires_name': 'false',
  };
  const server: ElasticsearchServer = {
    node,
    async start() {
      let printed = '';
      const args = Object.entries(settings).map(([name, value]) => `-E${name}=${value}`);
      child = spawn(join(home, 'bin/elasticsearch'), args, {
        cwd: folder,
        ...nobody,
        env: {
          PATH: process.env['PATH'],
          ES_JAVA_HOME: javaHome(),
          ES_PATH_CONF: join(folder, 'config'),
          ES_TMPDIR: join(folder, 'tmp'),
          ES_JAVA_OPTS: '-Xms512m -Xmx512m',
          HOME: folder,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const keep = (chunk: Buffer) => {
        printed = (printed + chunk.toString()).slice(-4_000);
      };
      child.stdout!.on('data', keep);
      child.stderr!.on('data', keep);
      for (let waited = 0; waited < 180_000; waited += 250) {
        if (child.exitCode !== null) throw new Error(`elasticsearch ended at once: ${printed}`);
        const health = await fetch(`${node}/_cluster/health?wait_for_status=yellow&timeout=1s`).catch(
          () => undefined,
        );
        if (health?.status === 200) return;
        await delay(250);
      }
      throw new Error(`elasticsearch did not start: ${printed}`);
    },
    async stop(signal = 'SIGTERM') {
      const ending = child;
      if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
      const ended = new Promise((resolve) => ending.once('exit', resolve));
      // The start script's launcher passes SIGTERM on; a SIGKILL has to reach the server itself.
      if (signal === 'SIGKILL') for (const pid of childrenOf(ending.pid!)) process.kill(pid, signal);
      ending.kill(signal);
      await ended;
    },
  };
  await server.start();
  return server;
}

function everything(folder: string): string[] {
  return [folder, ...readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)))];
}

/** The folder of the `java` on the path: Elasticsearch's own distribution brings one along, this one does not. */
function javaHome(): string {
  const { stderr } = spawnSync('java', ['-XshowSettings:properties', '-version'], { encoding: 'utf8' });
  const found = /java\.home = (.+)/.exec(stderr ?? '')?.[1];
  if (found === undefined) throw new Error('elasticsearch needs a JDK; install openjdk-17-jre-headless');
  return found;
}

function childrenOf(pid: number): number[] {
  const printed = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return printed
    .split('\n')
    .map(Number)
    .filter((child) => child > 0);
}

/** Two ports that are free now. */
async function freePorts(): Promise<number[]> {
  const servers = await Promise.all(
    [0, 1].map(
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

if (process.argv[1] === import.meta.filename) {
  const server = await startElasticsearch(Number(process.argv[2] ?? 9200));
  console.log(`Elasticsearch ${elasticsearchVersion} listens on ${server.node}; Ctrl-C stops it`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, async () => {
      await server.stop();
      process.exit(0);
    });
  }
}
