import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { Client, errors } from '@elastic/elasticsearch';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createElasticBulkHandler } from './elastic.ts';
import { createIntake, type Intake } from './intake.ts';
import type { CollectorHandler } from './json-lines.ts';
import { MemoryStore, until } from './store.fixture.ts';

let store: MemoryStore;
let intake: Intake;
let handler: CollectorHandler;

beforeEach(() => {
  store = new MemoryStore();
  intake = createIntake({
    store,
    clock: { now: () => Date.now() },
    onEvents: () => {},
    limits: { queueFrames: 1000, retryMinMs: 5, retryMaxMs: 10, closeMs: 100 },
  });
  handler = createElasticBulkHandler({
    intake,
    version: '9.2.0',
    limits: { lineBytes: 10_000, bodyBytes: 500_000 },
  });
});

/** A real HTTP server in front of the handler, as the program has one. */
const server = createServer((incoming, outgoing) => {
  const body =
    incoming.method === 'GET' || incoming.method === 'HEAD'
      ? null
      : (Readable.toWeb(incoming) as ReadableStream);
  const headers = Object.entries(incoming.headers).map(
    ([name, value]) => [name, String(value)] as [string, string],
  );
  const request = new Request(`http://localhost${incoming.url}`, {
    method: incoming.method!,
    headers,
    body,
    duplex: 'half',
  });
  handler(request, { address: incoming.socket.remoteAddress ?? '' }).then(async (response) => {
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  });
});
let node = '';
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  node = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

interface BulkAnswer {
  readonly errors?: boolean;
  readonly items: readonly Record<string, { status: number; error?: { type: string; reason: string } }>[];
}

async function bulk(body: string | Buffer, path = '/_bulk', headers: Record<string, string> = {}) {
  const response = await handler(
    new Request(`http://localhost${path}`, { method: 'POST', body, headers, duplex: 'half' }),
    { address: '10.0.0.3' },
  );
  return { status: response.status, headers: response.headers, body: (await response.json()) as BulkAnswer };
}

describe('the official client', () => {
  test.each([false, true])('sends in bulk unchanged, compressed: %s', async (compression) => {
    const client = new Client({ node, compression });
    expect((await client.info()).version.number).toBe('9.2.0');
    expect(await client.ping()).toBe(true);
    const result = await client.bulk({
      operations: [
        { create: { _index: 'logs-sshd.auth-default' } },
        { '@timestamp': '2026-11-21T13:26:00Z', message: 'one', 'user.name': 'a' },
        { index: { _index: 'filebeat', _id: 'mine' } },
        { message: 'Nov 21 20:26:00 vm sshd[1]: Failed password for root from 10.0.0.9 port 7 ssh2' },
      ],
    });
    expect(result.errors).toBe(false);
    expect(result.items.map((item) => (item.create ?? item.index)?.status)).toEqual([201, 201]);
    expect(result.items[1]!.index!._id).toBe('mine');
    expect(store.events.map((event) => event.dataset)).toEqual(['sshd.auth', 'sshd.auth']);
    expect(store.events[1]!.fields.get('source.ip')).toBe('10.0.0.9');
    await client.close();
  });

  test('uses its bulk helper, and indexes a single document', async () => {
    const client = new Client({ node });
    const documents = Array.from({ length: 500 }, (_, n) => ({ n, message: `m${n}` }));
    const stats = await client.helpers.bulk({
      datasource: documents,
      onDocument: () => ({ create: { _index: 'logs-generic-default' } }),
      flushBytes: 10_000,
    });
    expect(stats).toMatchObject({ total: 500, successful: 500, failed: 0 });
    expect((await client.index({ index: 'x', document: { a: 1 } })).result).toBe('created');
    expect(store.events).toHaveLength(501);
    await client.close();
  });

  test('sets up what it likes, and is told that it has no effect', async () => {
    const client = new Client({ node });
    expect(await client.indices.existsIndexTemplate({ name: 'filebeat' })).toBe(true);
    expect((await client.ilm.getLifecycle({ name: 'filebeat' }))['filebeat']).toBeDefined();
    expect((await client.license.get()).license).toMatchObject({ status: 'active', type: 'basic' });
    const set = await client.indices.putIndexTemplate({ name: 'x', index_patterns: ['x'] }, { meta: true });
    expect(set.body.acknowledged).toBe(true);
    expect(set.warnings?.join()).toMatch(/no effect/);
    await client.close();
  });

  test('is refused a search, plainly', async () => {
    const client = new Client({ node });
    await expect(client.search({ index: 'x' })).rejects.toBeInstanceOf(errors.ResponseError);
    await client.close();
  });

  test('tries again by itself while the queue is full, until there is room', async () => {
    const client = new Client({ node, maxRetries: 0 });
    store.held = true;
    const many = Array.from({ length: 600 }, () => [{ create: {} }, { a: 1 }]).flat();
    const first = client.bulk({ index: 'x', operations: many });
    await until(() => store.appends === 1);
    await expect(client.bulk({ index: 'x', operations: many })).rejects.toMatchObject({ statusCode: 429 });
    store.release();
    expect((await first).errors).toBe(false);
    expect((await client.bulk({ index: 'x', operations: many })).errors).toBe(false);
    expect(store.events).toHaveLength(1200);
    await client.close();
  });
});

describe('a bulk body', () => {
  test('gives each item its own status', async () => {
    const { status, body } = await bulk(
      [
        '{"create":{"_index":"a"}}',
        '{"x":1}',
        '{"index":{}}',
        'broken',
        '{"delete":{"_id":"1"}}',
        '{"update":{"_id":"1"}}',
        '{"doc":{}}',
        '{"create":{}}',
        '[1]',
        '{"create":{}}',
        `{"x":"${'y'.repeat(10_001)}"}`,
        '{"create":{}}',
        '{"x":2}',
        '',
      ].join('\n'),
    );
    expect(status).toBe(200);
    expect(body.errors).toBe(true);
    const items = body.items.map((item) => {
      const [action, { status, error }] = Object.entries(item)[0]!;
      return [action, status, error?.type];
    });
    expect(items).toEqual([
      ['create', 201, undefined],
      ['index', 400, 'document_parsing_exception'],
      ['delete', 400, 'illegal_argument_exception'],
      ['update', 400, 'illegal_argument_exception'],
      ['create', 400, 'document_parsing_exception'],
      ['create', 400, 'document_parsing_exception'],
      ['create', 201, undefined],
    ]);
    expect(intake.ledgers()[0]).toMatchObject({ source: 'bulk/10.0.0.3', received: 7, kept: 2, refused: 5 });
  });

  test('cut off between an action and its document says so for that item', async () => {
    const { body } = await bulk('{"create":{}}\n{"x":1}\n{"create":{}}\n');
    expect(body.items[1]!['create']).toMatchObject({
      status: 400,
      error: { reason: expect.stringMatching(/missing/) },
    });
    expect(store.events).toHaveLength(1);
  });

  test.each([
    ['garbage', 'hello\n', 400],
    ['nothing', '\n', 400],
    ['an unknown action', '{"explode":{}}\n{"x":1}\n', 400],
    ['two actions in one line', '{"create":{},"index":{}}\n{"x":1}\n', 400],
    ['too large a body', 'x'.repeat(500_001), 413],
    ['more items than the queue holds', '{"create":{}}\n{"x":1}\n'.repeat(1001), 413],
  ])('of %s is refused as a whole, in the form of Elasticsearch', async (_, text, status) => {
    const answer = await bulk(text);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({
      status,
      error: { type: expect.any(String), root_cause: [expect.anything()] },
    });
    expect(store.events).toEqual([]);
    expect(intake.ledgers()[0]!.refused).toBeGreaterThan(0);
  });

  test('may be gzipped, may name the index in its path, and may filter the answer', async () => {
    const answer = await bulk(
      gzipSync('{"create":{}}\n{"x":1}\n{"create":{}}\nbroken\n'),
      '/logs-nginx.access-default/_bulk?filter_path=errors,items.*.error,items.*.status',
      { 'content-encoding': 'gzip' },
    );
    expect(answer.body.items[0]).toEqual({ create: { status: 201 } });
    expect(Object.keys(answer.body)).toEqual(['errors', 'items']);
    expect(store.events[0]!.dataset).toBe('nginx.access');
    expect(answer.headers.get('x-elastic-product')).toBe('Elasticsearch');
  });

  test('that the store fails for is answered with 503 for each item, which shippers send again', async () => {
    store.refusing = true;
    const { body } = await bulk('{"create":{}}\n{"x":1}\n');
    expect(body).toMatchObject({ errors: true, items: [{ create: { status: 503 } }] });
    expect(intake.ledgers()[0]).toMatchObject({ received: 1, refused: 1 });
  });
});

describe('what shippers ask first', () => {
  const ask = (method: string, path: string) =>
    handler(new Request(`http://localhost${path}`, { method }), { address: 'a' });

  test.each([
    'GET /',
    'HEAD /',
    'GET /_license',
    'GET /_xpack',
    'GET /_cluster/health',
    'HEAD /_index_template/filebeat-9.2.0',
    'GET /_ilm/policy/filebeat',
    'HEAD /_alias/logstash',
    'HEAD /_data_stream/filebeat',
    'GET /_ingest/pipeline/x',
    'HEAD /_template/logstash',
    'GET /_nodes/http',
    'PUT /_index_template/x',
    'PUT /_ilm/policy/x',
    'PUT /logs-2026',
    'PUT /_ingest/pipeline/x',
    'PUT /_data_stream/x',
    'POST /_all/_refresh',
    'POST /logs-x-default/_refresh',
    'POST /_flush',
    'HEAD /filebeat-9.2.0',
  ])('%s succeeds', async (line) => {
    const [method, path] = line.split(' ') as [string, string];
    const response = await ask(method, path);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-elastic-product')).toBe('Elasticsearch');
    if (method === 'HEAD') expect(await response.text()).toBe('');
    else expect(await response.json()).toBeDefined();
  });

  test('has the processors that modules of Filebeat demand before they send', async () => {
    const { nodes } = (await (await ask('GET', '/_nodes/ingest')).json()) as {
      nodes: Record<string, { ingest: { processors: { type: string }[] } }>;
    };
    const types = nodes['kydai']!.ingest.processors.map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['user_agent', 'geoip', 'grok', 'date', 'uri_parts']));
    expect(new Set(types).size).toBe(types.length);
  });

  test.each([
    'POST /x/_search',
    'GET /x/_search',
    'DELETE /x',
    'POST /_sql',
    'GET /_security/user',
    'PUT /_security/x',
  ])('%s is not found', async (line) => {
    const [method, path] = line.split(' ') as [string, string];
    expect((await ask(method, path)).status).toBe(404);
  });
});

describe('a document that is sent again', () => {
  const body = '{"create":{"_id":"e1"}}\n{"x":1}\n{"index":{"_id":"e2"}}\n{"x":2}\n';

  test('is not stored twice: a conflict for `create`, nothing to do for `index`', async () => {
    await bulk(body);
    const again = await bulk(body);
    expect(again.body).toMatchObject({
      errors: true,
      items: [
        { create: { status: 409, error: { type: 'version_conflict_engine_exception' } } },
        { index: { status: 200, result: 'noop' } },
      ],
    });
    expect(store.events).toHaveLength(2);
    expect(intake.ledgers()[0]).toMatchObject({ received: 4, kept: 2, refused: 2 });
  });

  test('is known without an id where a Beat says where it read it', async () => {
    const line = (at: object, message: string) =>
      `{"create":{}}\n${JSON.stringify({ agent: { ephemeral_id: 'run 1' }, ...at, message })}\n`;
    const sent = [
      line({ log: { offset: 0 } }, 'one'),
      line({ log: { offset: 4 } }, 'one'),
      line({ winlog: { record_id: 7 } }, 'one'),
    ].join('');
    await bulk(sent);
    expect(store.events).toHaveLength(3);
    const { body: answer } = await bulk(sent + line({}, 'two') + line({}, 'two'));
    const statuses = answer.items.map((item) => item['create']?.status);
    expect(statuses).toEqual([409, 409, 409, 201, 201]);
    await bulk(line({}, 'two'));
    expect(store.events).toHaveLength(6);
  });

  test('is stored where its id stands for something else now', async () => {
    await bulk(body);
    const { body: answer } = await bulk(body.replaceAll('"x"', '"y"'));
    expect(answer.errors).toBe(false);
    expect(store.events).toHaveLength(4);
  });
});

describe('the answer to Fluent Bit', () => {
  const agent = { 'user-agent': 'Fluent-Bit' };
  const line = (n: number) => `{"create":{"_index":"logs-host-default","_id":"${n}"}}\n{"log":"line ${n}"}\n`;
  const lines = (count: number) => Array.from({ length: count }, (_, n) => line(n)).join('');

  test('is short however many items there are, and the same when they come again', async () => {
    const first = await bulk(lines(900), '/_bulk', agent);
    expect(first.body).toMatchObject({ errors: false, items: [] });
    const again = await bulk(lines(900), '/_bulk', agent);
    expect(again.body).toMatchObject({ errors: false, items: [] });
    expect(store.events).toHaveLength(900);
  });

  test('names the first failures, and one that was taken, which is how it knows that the rest was', async () => {
    const broken = '{"create":{}}\nbroken\n'.repeat(300);
    const { body } = await bulk(`${broken}${lines(3)}`, '/_bulk', agent);
    expect(body.errors).toBe(true);
    expect(body.items).toHaveLength(101);
    expect(body.items.at(-1)).toMatchObject({ create: { status: 201 } });
    expect(JSON.stringify(body).length).toBeLessThan(50_000);
  });

  test('is a failure of the whole where the store failed for a part', async () => {
    store.poison = 'line 1"';
    expect((await bulk(lines(3), '/_bulk', agent)).status).toBe(503);
    store.poison = undefined;
    await until(() => !intake.storeFailing);
    expect((await bulk(lines(3), '/_bulk', agent)).body.errors).toBe(false);
    expect(store.events).toHaveLength(3);
  });
});

test.each([
  ['errors', { errors: true }],
  ['items.*.status', { items: [{ create: { status: 201 } }, { create: { status: 400 } }] }],
  [
    'items.*.status,items.*.error.type',
    {
      items: [
        { create: { status: 201 } },
        { create: { status: 400, error: { type: 'document_parsing_exception' } } },
      ],
    },
  ],
  ['**.type', { items: [{ create: { error: { type: 'document_parsing_exception' } } }] }],
  ['nothing', {}],
])('an answer is filtered by %s', async (filter, expected) => {
  const path = `/_bulk?filter_path=${encodeURIComponent(filter)}`;
  expect((await bulk('{"create":{}}\n{"x":1}\n{"create":{}}\n[]\n', path)).body).toEqual(expected);
});
