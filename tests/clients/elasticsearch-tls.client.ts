import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, type Program, startProgram, temporaryFolder } from '../program.ts';
import { startElasticsearch } from '../servers/elasticsearch.ts';
import { type Checks, shell } from './checks.ts';

/**
 * TLS and the API key, as a cluster with security asks for them. The server's distribution for integration tests lacks
 * both, so nginx stands before the real server: it speaks TLS with a certificate of an authority of its own, and lets
 * nothing pass without the key, as Elasticsearch answers then. What this cannot show is what a key may do.
 */
export async function run(_program: Program, checks: Checks): Promise<void> {
  const server = await startElasticsearch();
  const folder = temporaryFolder();
  const apiKey = randomBytes(24).toString('base64');
  const front = await openFront(folder, server.node, apiKey);
  try {
    const settings = (changes: Readonly<Record<string, string>> = {}) => ({
      KYDAI_EVENTS_STORE: 'elasticsearch',
      KYDAI_EVENTS_ELASTICSEARCH_NODE: front.node,
      KYDAI_EVENTS_ELASTICSEARCH_REPLICAS: '0',
      KYDAI_EVENTS_ELASTICSEARCH_CA: join(folder, 'ca.pem'),
      KYDAI_EVENTS_ELASTICSEARCH_API_KEY: apiKey,
      ...changes,
    });
    await shell(
      folder,
      'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -out other.pem -subj /CN=other -days 2',
    );

    const program = await startProgram({ environment: settings() });
    checks.equal('events are taken over TLS with the key', await send(program, 'good', 50), 200);
    checks.equal('and are in the server', await eventually(() => counted(server.node, 50)), 50);
    checks.equal('none waits', await waiting(program), 0);
    const found = await program.cli('search', 'message:"good 7"', '--json');
    checks.equal('a search answers', found.stdout.trim().split('\n').length, 1);
    await program.stop();

    // What is wrong with the way to the server costs no event: they wait, and reach it once it is put right.
    for (const [what, wrong] of [
      ['a key that was revoked', { KYDAI_EVENTS_ELASTICSEARCH_API_KEY: 'cmV2b2tlZDprZXk=' }],
      ['no key', { KYDAI_EVENTS_ELASTICSEARCH_API_KEY: '' }],
      ['an authority that is not the server’s', { KYDAI_EVENTS_ELASTICSEARCH_CA: join(folder, 'other.pem') }],
      ['a certificate of no authority that is known', { KYDAI_EVENTS_ELASTICSEARCH_CA: '' }],
    ] as const) {
      const before = (await counted(server.node))!;
      const astray = await startProgram({ environment: settings(wrong) });
      checks.equal(`${what}: events are taken all the same`, await send(astray, 'astray', 20), 200);
      checks.ok(`${what}: they wait on disk`, (await waiting(astray)) >= 20);
      checks.equal(`${what}: none reaches the server`, await counted(server.node), before);
      const asked = await astray.cli('search', 'astray');
      checks.ok(
        `${what}: a search says so`,
        asked.code !== 0 && /Elasticsearch/.test(asked.stderr + asked.stdout),
        asked.stderr,
      );
      await astray.stop();
      const right = await startProgram({ folder: astray.folder, environment: settings() });
      checks.equal(
        `${what}: put right, they arrive`,
        await eventually(() => counted(server.node, before + 20)),
        before + 20,
      );
      await right.stop();
    }
  } finally {
    front.stop();
    await server.stop();
  }
}

async function send(program: Program, word: string, count: number): Promise<number> {
  const lines = Array.from({ length: count }, (_, n) => JSON.stringify({ message: `${word} ${n}` }));
  const response = await fetch(`${program.addresses.collect}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: lines.join('\n'),
  });
  return response.status;
}

/** Messages in the index; with `wanted`, undefined until there are that many. */
async function counted(node: string, wanted?: number): Promise<number | undefined> {
  await fetch(`${node}/logs-kydai-default/_refresh`, { method: 'POST' });
  const query = {
    bool: {
      should: ['good', 'astray'].map((word) => ({
        prefix: { 'kydai.terms': { value: `message\0s${word} ` } },
      })),
    },
  };
  const response = await fetch(`${node}/logs-kydai-default/_count`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { count = 0 } = (await response.json()) as { count?: number };
  return wanted === undefined || count >= wanted ? count : undefined;
}

async function waiting(program: Program): Promise<number> {
  const { stdout } = await program.cli('store', 'stats', '--json');
  return (JSON.parse(stdout) as { waiting: number }).waiting;
}

/** nginx with TLS before a server, which passes only what carries the key. */
async function openFront(
  folder: string,
  node: string,
  apiKey: string,
): Promise<{ readonly node: string; stop(): void }> {
  const port = await freePort();
  await shell(
    folder,
    `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj "/CN=city CA" -days 2
     openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj "/CN=127.0.0.1"
     printf 'subjectAltName=IP:127.0.0.1\\n' > san
     openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile san`,
  );
  for (const name of ['body', 'proxy']) mkdirSync(join(folder, name));
  const refusal = '{"error":{"type":"security_exception","reason":"unable to authenticate"},"status":401}';
  writeFileSync(
    join(folder, 'nginx.conf'),
    `${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
     events { worker_connections 64; }
     http {
       access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
       fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
       client_max_body_size 64m;
       server {
         listen 127.0.0.1:${port} ssl; ssl_certificate ${folder}/server.pem; ssl_certificate_key ${folder}/server.key;
         location / {
           default_type application/json;
           if ($http_authorization != "ApiKey ${apiKey}") { return 401 '${refusal}'; }
           proxy_pass ${node}; proxy_set_header Authorization "";
         }
       }
     }`,
  );
  const child: ChildProcess = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: 'inherit',
  });
  await delay(500);
  return { node: `https://127.0.0.1:${port}`, stop: () => void child.kill() };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
