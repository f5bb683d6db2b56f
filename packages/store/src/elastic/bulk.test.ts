import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anyEvent, anyFilter } from '../contract/arbitrary.ts';
import { noon, sample } from '../contract/samples.ts';
import { openLake } from '../lake/open.ts';
import { openElastic } from './open.ts';

const node = process.env['KYDAI_TEST_ELASTICSEARCH'] ?? '';
const base = `bulk-${process.pid}-${Date.now()}`;
const clock = { now: () => noon };
let streams = 0;

/** A line to the real server that can be cut, or lose answers, or say that there is too much to do. */
type Fault = 'pass' | 'lose-answer' | 'cut' | 'too-much' | 'some-too-much';

describe.skipIf(node === '')('Writing to a real Elasticsearch', { timeout: 60_000 }, () => {
  let proxy: Server;
  const faults: Fault[] = [];
  beforeAll(async () => {
    proxy = createServer((asked, answer) => {
      const chunks: Buffer[] = [];
      asked.on('data', (chunk: Buffer) => chunks.push(chunk));
      asked.on('end', () => forward(asked.url!, asked.method!, asked.headers, Buffer.concat(chunks), answer));
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  });
  function forward(url: string, method: string, headers: object, body: Buffer, answer: ServerResponse): void {
    const fault = url.includes('/_bulk') ? (faults.shift() ?? 'pass') : 'pass';
    if (fault === 'cut') return void answer.destroy();
    if (fault === 'too-much') {
      answer.writeHead(429, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' });
      return void answer.end(
        '{"error":{"type":"es_rejected_execution_exception","reason":"too much"},"status":429}',
      );
    }
    let sent = body;
    if (fault === 'some-too-much') {
      // Only every second document reaches the server.
      const pairs = body.toString().trimEnd().split('\n');
      sent = Buffer.from(`${pairs.filter((_, at) => at % 4 < 2).join('\n')}\n`);
    }
    const onward = request(
      node + url,
      { method, headers: { ...headers, 'content-length': sent.length } },
      (reply) => {
        const parts: Buffer[] = [];
        reply.on('data', (part: Buffer) => parts.push(part));
        reply.on('end', () => {
          if (fault === 'lose-answer') return void answer.destroy();
          let whole = Buffer.concat(parts).toString();
          if (fault === 'some-too-much') {
            const { items } = JSON.parse(whole) as { items: unknown[] };
            const refused = {
              create: { status: 429, error: { type: 'es_rejected_execution_exception', reason: 'queue' } },
            };
            whole = JSON.stringify({ items: items.flatMap((item) => [item, refused]) });
          }
          const { 'content-length': _, 'transfer-encoding': __, ...rest } = reply.headers;
          answer.writeHead(reply.statusCode!, rest);
          answer.end(whole);
        });
      },
    );
    onward.end(sent);
  }
  afterAll(async () => {
    proxy.close();
    await fetch(`${node}/${base}*`, { method: 'DELETE' });
  });
  const open = (limits = {}) =>
    openElastic({
      node: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      stream: `${base}-${streams++}`,
      replicas: 0,
      clock,
      limits,
    });

  it('loses and doubles nothing while answers are lost, lines cut, and documents refused for now', async () => {
    const store = await open({ requestBytes: 4_000 });
    const events = Array.from({ length: 60 }, (_, n) => sample({ time: noon + n }));
    faults.push('lose-answer', 'cut', 'too-much', 'some-too-much', 'lose-answer', 'some-too-much', 'cut');
    await Promise.all([store.append(events.slice(0, 30)), store.append(events.slice(30))]);
    const { events: found } = await store.search({ limit: 100, order: 'oldest' });
    expect(found.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    await store.close();
  });

  it('stores an event once when the stream rolled over between two attempts', async () => {
    const name = `${base}-${streams}`;
    const store = await open();
    const event = sample();
    await store.append([event]);
    await fetch(`${node}/${name}/_rollover`, { method: 'POST' });
    await store.append([event, sample()], { again: true });
    faults.push('lose-answer');
    await store.append([sample()]);
    expect((await store.stats()).events).toBe(3);
    // A backing index that is old as a whole is dropped; the newest loses its documents one by one.
    expect(await store.retain(undefined, noon + 86_400_000)).toBe(3);
    expect((await store.stats()).events).toBe(0);
    await store.close();
  });

  it('gives up after its patience, and refuses when too much waits', async () => {
    const store = await open({ patience: 300, pendingBytes: 1 });
    faults.push(...Array<Fault>(20).fill('cut'));
    const first = store.append([sample()]);
    await expect(store.append([sample()])).rejects.toMatchObject({ code: 'busy' });
    await expect(first).rejects.toMatchObject({ code: 'unavailable' });
    faults.length = 0;
    await store.append([sample()]);
    await store.close();
  });

  it('keeps what a legal hold covers until it is released', async () => {
    const store = await open();
    await store.append([sample({ time: noon }), sample({ time: noon + 10 }), sample({ dataset: 'x' })]);
    await store.hold({ id: 'án 12/2026', reason: 'court order', dataset: 'sshd.auth', to: noon + 5 });
    expect(await store.holds()).toHaveLength(1);
    expect(await store.retain(undefined, noon + 86_400_000)).toBe(2);
    expect(await store.release('án 12/2026')).toBe(true);
    expect(await store.release('án 12/2026')).toBe(false);
    expect(await store.retain(undefined, noon + 86_400_000)).toBe(1);
    await expect(store.hold({ id: '' } as never)).rejects.toMatchObject({ code: 'query' });
    await store.close();
  });

  it('reads everything at one point in time, whatever arrives meanwhile', async () => {
    const store = await open();
    const events = Array.from({ length: 2_500 }, (_, n) => sample({ time: noon + n }));
    await store.append(events);
    const found: string[] = [];
    for await (const batch of store.scan({ order: 'oldest' })) {
      found.push(...batch.map(({ id }) => id));
      await store.append([sample({ time: noon + 9_999 })]);
      await store.stats();
    }
    expect(found).toEqual(events.map(({ id }) => id));
    await store.close();
  });

  it('answers every generated question as the lake does', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kydai-both-'));
    const lake = await openLake({ folder, clock });
    const store = await open();
    const [events] = fc.sample(fc.array(anyEvent, { minLength: 250, maxLength: 250 }), { numRuns: 1 });
    await lake.append(events!);
    await lake.flush();
    await store.append(events!);
    for (const filter of fc.sample(anyFilter, 150)) {
      const ids = async (from: typeof store | typeof lake) =>
        (await from.search({ filter, limit: 500 })).events.map(({ id }) => id);
      expect(await ids(store), JSON.stringify(filter)).toEqual(await ids(lake));
      const question = {
        from: 0,
        to: noon * 2,
        filter,
        interval: 600_000,
        by: 'custom.field',
        top: 3,
      } as const;
      // DuckDB writes 1e21 where JavaScript writes 1e+21.
      const counts = async (from: typeof store | typeof lake) =>
        (await from.aggregate(question)).map(({ value, ...rest }) => ({
          ...rest,
          value: value!.replace('e+', 'e'),
        }));
      expect(await counts(store), JSON.stringify(filter)).toEqual(await counts(lake));
    }
    await store.close();
    await lake.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('answers deep, wide and expensive queries or says that they are too much', async () => {
    const store = await open();
    await store.append([sample()]);
    const deep = Array.from({ length: 30 }).reduce<object>(
      (inner, _, n) => ({ op: n % 2 ? 'and' : 'or', filters: [inner, { op: 'exists', field: 'a' }] }),
      { op: 'exists', field: 'b' },
    );
    const wide = {
      op: 'or',
      filters: Array.from({ length: 490 }, (_, n) => ({ op: 'equals', field: `f${n}`, value: n })),
    };
    const stars = { op: 'wildcard', field: 'process.name', pattern: 'a*?'.repeat(1_300) };
    for (const filter of [deep, wide, stars] as never[]) {
      const answer = await store.search({ filter }).catch((error: { code: string }) => error.code);
      expect(answer === 'query' || Array.isArray((answer as { events: unknown }).events)).toBe(true);
    }
    expect((await store.stats()).events).toBe(1);
    await store.close();
  });
});
