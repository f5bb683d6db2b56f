import { afterAll, describe, expect, it } from 'vitest';
import { type EventsUnderTest, eventStoreContract } from '../contract/events.ts';
import { noon } from '../contract/samples.ts';
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
