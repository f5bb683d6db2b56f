import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createIntake } from './intake.ts';
import { identified, Resent } from './resent.ts';
import { MemoryStore, until } from './store.fixture.ts';

function setUp(resent = new Resent()) {
  const store = new MemoryStore();
  const intake = createIntake({
    store,
    clock: { now: () => 0 },
    onEvents: () => {},
    limits: { retryMinMs: 1, retryMaxMs: 2, closeMs: 20 },
  });
  const account = intake.account('bulk', 'shipper');
  const frame = (id: string, message: string) => {
    const raw = JSON.stringify({ message });
    return identified({ raw, bytes: raw.length, normalised: intake.normaliser.document({ message }, 0) }, id);
  };
  const send = (...frames: ReturnType<typeof frame>[]) => resent.submit(intake, account, frames);
  return { store, intake, account, frame, send, resent };
}

describe('an event that is sent again', () => {
  test('is kept once, and counted as refused', async () => {
    const { store, account, frame, send } = setUp();
    expect(await send(frame('1', 'a'), frame('2', 'b'))).toEqual(['kept', 'kept']);
    expect(await send(frame('2', 'b'), frame('3', 'c'))).toEqual(['sent-before', 'kept']);
    expect(store.events.map((event) => event.fields.get('event.id'))).toEqual(['1', '2', '3']);
    expect(account.snapshot()).toMatchObject({
      received: 4,
      kept: 3,
      refused: 1,
      reasons: { 'sent-before': 1 },
    });
  });

  test('is another event where its line differs, its sender, or its id', async () => {
    const { store, intake, frame, send, resent } = setUp();
    await send(frame('1', 'a'));
    expect(await send(frame('1', 'b'), frame('2', 'a'))).toEqual(['kept', 'kept']);
    expect(await resent.submit(intake, intake.account('bulk', 'other'), [frame('1', 'a')])).toEqual(['kept']);
    expect(store.events).toHaveLength(4);
  });

  test('waits for the first sending while that is on its way, and shares its end', async () => {
    const { store, frame, send } = setUp();
    store.held = true;
    const first = send(frame('1', 'a'));
    const second = send(frame('1', 'a'), frame('2', 'b'));
    await until(() => store.appends === 1);
    store.release();
    expect(await first).toEqual(['kept']);
    expect(await second).toEqual(['sent-before', 'kept']);
    expect(store.events).toHaveLength(2);
  });

  test('is taken after the first sending failed', async () => {
    const { store, intake, frame, send } = setUp();
    store.poison = 'bad';
    const first = send(frame('1', 'bad'));
    const again = send(frame('1', 'bad'));
    // One that fails alone is given up only when the store takes others.
    let over = false;
    void first?.then(() => {
      over = true;
    });
    await until(() => {
      void send(frame('', `fine ${store.events.length}`));
      return over;
    });
    expect(await first).toEqual(['store-failed']);
    expect(await again).toEqual(['store-failed']);
    store.poison = undefined;
    await until(() => !intake.storeFailing);
    expect(await send(frame('1', 'bad'))).toEqual(['kept']);
  });

  test('within one request is two events: nobody sends one twice so', async () => {
    const { store, frame, send } = setUp();
    expect(await send(frame('1', 'a'), frame('1', 'a'))).toEqual(['kept', 'kept']);
    expect(store.events).toHaveLength(2);
  });

  test('is known after a restart by what was kept', async () => {
    const before = [{ source: 'bulk/shipper', id: '1', line: '{"message":"a"}' }];
    const { store, frame, send } = setUp(new Resent(10, before));
    expect(await send(frame('1', 'a'), frame('2', 'a'))).toEqual(['sent-before', 'kept']);
    expect(store.events).toHaveLength(1);
  });
});

test('a line that a killed shipper reads again is known by its id and its place, and by both alone', async () => {
  const { intake, resent, account } = setUp();
  const send = async (id: string, document: object) => {
    const raw = JSON.stringify(document);
    const normalised = intake.normaliser.document(document, 0);
    const frame = identified({ raw, bytes: raw.length, normalised }, id);
    return (await resent.submit(intake, account, [frame]))![0];
  };
  const read = (time: number, offset: number, message: string) => ({
    '@timestamp': time,
    agent: { ephemeral_id: `run ${time}` },
    log: { offset, file: { path: '/var/log/a' } },
    message,
  });
  expect(await send('1', read(1, 0, 'one'))).toBe('kept');
  expect(await send('1', read(2, 0, 'one'))).toBe('sent-before');
  expect(await send('1', read(3, 0, 'other'))).toBe('kept');
  expect(await send('1', read(3, 4, 'one'))).toBe('kept');
  expect(await send('2', read(3, 0, 'one'))).toBe('kept');
});

test('frames without an identity are never taken for one another', async () => {
  const { store, intake, account, resent } = setUp();
  const plain = { raw: 'x', bytes: 1, normalised: intake.normaliser.document({ a: 1 }, 0) };
  for (let time = 0; time < 3; time++)
    expect(await resent.submit(intake, account, [plain])).toEqual(['kept']);
  expect(store.events).toHaveLength(3);
});

test('remembers at least half of what it may, and never more than it may', async () => {
  const { frame, send } = setUp(new Resent(20));
  for (let n = 0; n < 200; n++) {
    expect(await send(frame(`${n}`, 'a'))).toEqual(['kept']);
    expect(await send(frame(`${Math.max(0, n - 9)}`, 'a'))).toEqual(['sent-before']);
  }
  expect(await send(frame('0', 'a'))).toEqual(['kept']);
});

test('however requests overlap and repeat, each event of a request that was answered is kept once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uniqueArray(fc.nat(20), { maxLength: 6 }), { maxLength: 12 }),
      async (requests) => {
        const { store, account, frame, send } = setUp();
        await Promise.all(requests.map((ids) => send(...ids.map((id) => frame(`${id}`, 'a')))));
        const kept = store.events.map((event) => event.fields.get('event.id'));
        expect(kept.sort()).toEqual([...new Set(requests.flat().map(String))].sort());
        const { received, kept: counted, refused } = account.snapshot();
        expect(received).toBe(requests.flat().length);
        expect(received).toBe(counted + refused);
      },
    ),
    { numRuns: 50 },
  );
});
