import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createIntake } from './intake.ts';
import { createJsonLinesHandler, type JsonLinesAnswer } from './json-lines.ts';
import type { HttpLimits, IntakeLimits } from './limits.ts';
import { MemoryStore, until } from './store.fixture.ts';

function setUp(limits: Partial<HttpLimits> = {}, intakeLimits: Partial<IntakeLimits> = {}) {
  const store = new MemoryStore();
  const intake = createIntake({
    store,
    clock: { now: () => Date.now() },
    onEvents: () => {},
    limits: { retryMinMs: 5, retryMaxMs: 10, closeMs: 100, ...intakeLimits },
  });
  const handler = createJsonLinesHandler({ intake, limits });
  const post = async (
    body: string | Uint8Array | ReadableStream | null,
    headers: Record<string, string> = {},
  ) => {
    const request = new Request('http://localhost/ingest', { method: 'POST', body, headers, duplex: 'half' });
    const response = await handler(request, { address: '::ffff:10.0.0.7' });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as JsonLinesAnswer,
    };
  };
  const ledger = () => intake.ledgers()[0]!;
  return { store, intake, handler, post, ledger };
}

describe('JSON over HTTP', () => {
  test('takes lines, an array, or one document, and answers only when they are durable', async () => {
    const { store, post, ledger } = setUp();
    expect((await post('{"a":1}\n{"a":2}\r\n\n{"a":3}')).body).toEqual({ received: 3, kept: 3, refused: [] });
    expect((await post('[{"a":4},{"a":5}]')).body).toEqual({ received: 2, kept: 2, refused: [] });
    expect((await post('{\n  "a": 6,\n  "b": {"c": "đ"}\n}\n')).body).toEqual({
      received: 1,
      kept: 1,
      refused: [],
    });
    expect(store.events.map((event) => event.fields.get('a'))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(store.events[5]!.fields.get('b.c')).toBe('đ');
    expect(ledger()).toMatchObject({ source: 'http/10.0.0.7', received: 6, kept: 6, parsed: 6, pending: 0 });
  });

  test('names each refused line and keeps the others', async () => {
    const { post, ledger } = setUp({ lineBytes: 50 });
    const { status, body } = await post(
      `{"a":1}\nnot json\n[1]\n"text"\nnull\n{"a":"${'x'.repeat(60)}"}\n{"a":2}`,
    );
    expect(status).toBe(200);
    expect(body).toEqual({
      received: 7,
      kept: 2,
      refused: [
        { line: 2, reason: 'not-json' },
        { line: 3, reason: 'not-an-object' },
        { line: 4, reason: 'not-an-object' },
        { line: 5, reason: 'not-an-object' },
        { line: 6, reason: 'line-too-long' },
      ],
    });
    expect(ledger()).toMatchObject({ received: 7, kept: 2, refused: 5 });
  });

  test('that holds nothing usable is a bad request, and that holds nothing is fine', async () => {
    const { post } = setUp();
    expect((await post('nonsense')).status).toBe(400);
    expect((await post('[1,2')).status).toBe(400);
    expect(await post(null)).toMatchObject({ status: 200, body: { received: 0 } });
  });

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['zstd', zstdCompressSync],
  ])('may come in %s', async (encoding, pack) => {
    const { post } = setUp();
    expect((await post(pack('{"a":1}\n'), { 'content-encoding': encoding })).body).toMatchObject({ kept: 1 });
  });

  test.each([
    ['a gzip bomb', gzipSync(Buffer.alloc(50_000_000, 32)), 'gzip', 413, 'body-too-large'],
    ['a zstd bomb', zstdCompressSync(Buffer.alloc(50_000_000, 32)), 'zstd', 413, 'body-too-large'],
    ['a cut-off gzip', gzipSync('{"a":1}'.repeat(99)).subarray(0, 20), 'gzip', 400, 'bad-encoding'],
    ['garbage called gzip', Buffer.from('hello'), 'gzip', 400, 'bad-encoding'],
    ['an unknown encoding', Buffer.from('x'), 'br', 415, 'unknown-encoding'],
    ['a body beyond the limit', Buffer.alloc(3_000_000, 32), 'identity', 413, 'body-too-large'],
  ])('refuses %s', async (_, body, encoding, status, reason) => {
    const { post, ledger } = setUp({ expandedBytes: 1_000_000, bodyBytes: 2_000_000 });
    expect((await post(body, { 'content-encoding': encoding })).status).toBe(status);
    expect(ledger()).toMatchObject({ received: 1, refused: 1, reasons: { [reason]: 1 } });
  });

  test('keeps a document nested 10,000 deep, flagged', async () => {
    const { post, store } = setUp();
    const deep = `{"x":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`;
    expect((await post(`${deep}\n{"a":1}`)).body).toMatchObject({ kept: 2 });
    expect(store.events[0]!.fields.get('error.message')).toMatch(/larger than the limits/);
    expect([200, 400]).toContain((await post(`[${deep}]`)).status);
  });

  test('refuses a body with too many lines as a whole', async () => {
    const { post, store } = setUp({ lines: 10 });
    expect((await post('{"a":1}\n'.repeat(11))).status).toBe(413);
    expect(store.events).toEqual([]);
  });

  test('whose sender is too slow or goes away half-way is refused', async () => {
    const { post, ledger } = setUp({ bodyMs: 30 });
    const slow = new ReadableStream({ start: (stream) => stream.enqueue(Buffer.from('{"a":')) });
    expect((await post(slow)).status).toBe(408);
    const broken = new ReadableStream({
      start(stream) {
        stream.enqueue(Buffer.from('{"a":1}\n'));
        stream.error(new Error('connection reset'));
      },
    });
    expect((await post(broken)).status).toBe(400);
    expect(ledger().reasons).toMatchObject({ 'body-too-slow': 1, 'cut-off': 1 });
  });

  test('is told to come back while the queue is full, and nothing of it is kept', async () => {
    const { store, post, ledger } = setUp({}, { queueFrames: 4 });
    store.held = true;
    const first = post('{"a":1}\n{"a":2}\n{"a":3}');
    await until(() => store.appends === 1);
    const { status, headers } = await post('{"a":4}\n{"a":5}');
    expect(status).toBe(429);
    expect(headers.get('retry-after')).toBe('1');
    expect(ledger()).toMatchObject({ received: 3, pending: 3 });
    expect((await post('{"a":1}\n'.repeat(5))).status).toBe(413);
    store.release();
    expect((await first).body).toMatchObject({ kept: 3 });
  });

  test('is told so when the store fails, and when it is failing', async () => {
    const { store, intake, post, ledger } = setUp();
    store.refusing = true;
    const failed = await post('{"a":1}');
    expect(failed).toMatchObject({
      status: 503,
      body: { kept: 0, refused: [{ line: 1, reason: 'store-failed' }] },
    });
    expect(ledger()).toMatchObject({ received: 1, refused: 1, reasons: { 'store-failed': 1 } });
    const account = intake.account('syslog-udp', 'x');
    intake.push(account, '<13>x: y', 8);
    await until(() => intake.storeFailing);
    expect((await post('{"a":1}')).status).toBe(503);
    store.refusing = false;
    await until(() => !intake.storeFailing);
    expect((await post('{"a":1}')).status).toBe(200);
  });

  test('bounds the bytes of all bodies in work together', async () => {
    const { handler } = setUp({ inFlightBytes: 100 });
    const request = () =>
      new Request('http://localhost/', { method: 'POST', body: Buffer.alloc(80, 32), duplex: 'half' });
    const [one, two] = await Promise.all([
      handler(request(), { address: 'a' }),
      handler(request(), { address: 'b' }),
    ]);
    expect([one.status, two.status].sort()).toEqual([200, 429]);
    expect((await handler(request(), { address: 'a' })).status).toBe(200);
  });

  test('expands a few bodies at a time, and every one in the end', async () => {
    const { post, store } = setUp();
    const body = gzipSync('{"a":1}\n'.repeat(50));
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post(body, { 'content-encoding': 'gzip' })),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(store.events).toHaveLength(1000);
  });

  test('takes POST only', async () => {
    const { handler } = setUp();
    expect((await handler(new Request('http://localhost/'), { address: 'a' })).status).toBe(405);
  });

  test('accounts for every line of any body', async () => {
    const { post, store, ledger } = setUp();
    const line = fc.oneof(fc.json(), fc.string({ unit: 'binary' }), fc.constant('{"a":1}'), fc.constant(''));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 20 }), async (lines) => {
        const { body } = await post(lines.join('\n'));
        expect(body.received).toBe(body.kept + body.refused.length);
        expect(ledger().received).toBe(ledger().kept + ledger().refused);
        expect(ledger().kept).toBe(store.events.length);
      }),
      { numRuns: 40 },
    );
  }, 20_000);
});
