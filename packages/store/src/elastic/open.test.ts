import { afterAll, describe, expect, it } from 'vitest';
import { type EventsUnderTest, eventStoreContract } from '../contract/events.ts';
import { noon, sample } from '../contract/samples.ts';
import { openElastic } from './open.ts';

/** A real server: `npm run elasticsearch` starts one, and `npm run client -- elasticsearch` runs these tests with one. */
const node = process.env['KYDAI_TEST_ELASTICSEARCH'] ?? '';
let streams = 0;
const base = `test-${process.pid}-${Date.now()}`;

async function under(stream: string): Promise<EventsUnderTest> {
  const store = await openElastic({ node, stream, replicas: 0, clock: { now: () => noon } });
  return {
    store,
    settle: async () => void (await fetch(`${node}/${stream}/_flush`, { method: 'POST' })),
    async reopen() {
      await store.close();
      return under(stream);
    },
    destroy: () => store.close(),
  };
}

describe.skipIf(node === '')('Elasticsearch (needs a server)', () => {
  afterAll(async () => {
    await fetch(`${node}/${base}*`, { method: 'DELETE' });
  });
  eventStoreContract('Elasticsearch', () => under(`${base}-${streams++}`));

  it('lets who follows see what other programs write, once, and its own', async () => {
    const stream = `${base}-${streams++}`;
    const clock = { now: () => Date.now() };
    const [one, other] = await Promise.all(
      [0, 1].map(() => openElastic({ node, stream, replicas: 0, clock })),
    );
    const at = (raw: string) => sample({ raw, received: Date.now() });
    await one!.append([at('before')]);
    await fetch(`${node}/${stream}/_refresh`, { method: 'POST' });
    const end = new AbortController();
    const seen: string[] = [];
    const following = (async () => {
      for await (const { raw } of one!.tail(undefined, end.signal)) seen.push(raw);
    })();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await one!.append([at('own')]);
    await other!.append([at('of another'), at('of another, again')]);
    await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(3);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(seen.toSorted()).toEqual(['of another', 'of another, again', 'own']);
    end.abort();
    await following;
    await Promise.all([one!.close(), other!.close()]);
  }, 60_000);
});

it('starts without a server, and says that it cannot be reached', async () => {
  const store = await openElastic({
    node: 'http://127.0.0.1:9',
    clock: { now: () => noon },
    limits: { patience: 0 },
  });
  await expect(store.search({})).rejects.toMatchObject({ code: 'unavailable' });
  expect(await store.alive()).toBe(false);
  await store.close();
});
