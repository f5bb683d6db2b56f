import type { Event, SourceLedger } from '@kydai/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createIntake, type Intake } from './intake.ts';
import { MemoryStore, until } from './store.fixture.ts';

const clock = { now: () => Date.now() };

function setUp(limits: Parameters<typeof createIntake>[0]['limits'] = {}) {
  const store = new MemoryStore();
  const seen: Event[] = [];
  const faults: unknown[] = [];
  const intake = createIntake({
    store,
    clock,
    onEvents: (events) => seen.push(...events),
    onFault: (fault) => faults.push(fault),
    limits: { retryMinMs: 5, retryMaxMs: 20, closeMs: 300, ...limits },
  });
  return { store, seen, faults, intake };
}

function balanced(ledger: SourceLedger): boolean {
  return ledger.received === ledger.kept + ledger.refused + ledger.dropped + ledger.pending;
}

const line = (text: string) => `<13>Nov 21 20:26:00 vm app: ${text}`;
const push = (intake: Intake, text: string, name = '10.0.0.1') =>
  intake.push(intake.account('syslog-tcp', name), line(text), text.length);
const frame = (intake: Intake, document: object) => {
  const raw = JSON.stringify(document);
  return { raw, bytes: raw.length, normalised: intake.normaliser.document(document, 0) };
};

describe('the intake', () => {
  test('keeps what was pushed, in order, and tells of it only after it is durable', async () => {
    const { store, seen, intake } = setUp();
    store.held = true;
    for (let index = 0; index < 50; index++) expect(push(intake, `n${index}`)).toBe(true);
    await until(() => store.appends === 1);
    expect(seen).toEqual([]);
    expect(intake.ledgers()[0]).toMatchObject({ received: 50, pending: 50, kept: 0 });
    store.release();
    await until(() => seen.length === 50);
    expect(seen.map((event) => event.fields.get('message'))).toEqual(
      Array.from({ length: 50 }, (_, n) => `n${n}`),
    );
    expect(store.events).toEqual(seen);
    expect(intake.ledgers()[0]).toMatchObject({
      source: 'syslog-tcp/10.0.0.1',
      received: 50,
      pending: 0,
      kept: 50,
      parsed: 50,
    });
    expect(new Set(seen.map((event) => event.id)).size).toBe(50);
  });

  test('commits what comes in one turn, and what comes during an append, as one group each', async () => {
    const { store, intake } = setUp();
    store.held = true;
    for (let index = 0; index < 20; index++) push(intake, 'a');
    await until(() => store.appends === 1);
    for (let index = 0; index < 30; index++) push(intake, 'b');
    store.release();
    await intake.close();
    expect(store.appends).toBe(2);
    expect(store.events).toHaveLength(50);
  });

  test('counts one frame as kept for a line that stands for five events', async () => {
    const { store, intake } = setUp();
    const account = intake.account('syslog-udp', 'a');
    const text =
      '<38>Nov 21 20:26:00 vm sshd[1]: message repeated 5 times: [ Failed password for root from 10.0.0.5 port 2 ssh2]';
    intake.push(account, text, text.length);
    await intake.close();
    expect(store.events).toHaveLength(5);
    expect(new Set(store.events.map((event) => event.id)).size).toBe(5);
    expect(intake.ledgers()[0]).toMatchObject({ received: 1, kept: 1, pending: 0 });
  });

  test('takes no more than its queue holds, keeps the most of it for urgent frames, and calls back when there is room', async () => {
    const { store, intake } = setUp({ queueFrames: 10 });
    store.held = true;
    let taken = 0;
    while (push(intake, 'x')) taken++;
    expect(taken).toBe(2);
    const account = intake.account('syslog-udp', 'b');
    const urgent = () => intake.push(account, line('x'), 1, undefined, 'urgent');
    for (; taken < 10; taken++) expect(urgent()).toBe(true);
    expect(urgent()).toBe(false);
    let room = 0;
    intake.whenRoom(() => room++);
    let urgentRoom = 0;
    intake.whenRoom(() => urgentRoom++, 'urgent');
    await until(() => store.appends === 1);
    expect([room, urgentRoom]).toEqual([0, 0]);
    store.release();
    await until(() => room === 1 && urgentRoom === 1);
    expect(push(intake, 'x')).toBe(true);
    await intake.close();
    expect(intake.ledgers().every(balanced)).toBe(true);
  });

  test('lets streams and requests go on however much calls itself urgent', async () => {
    const { store, intake } = setUp({ queueFrames: 1000, batchFrames: 100 });
    store.held = true;
    const flood = intake.account('syslog-udp', 'flood');
    const fill = () => {
      let taken = 0;
      while (intake.push(flood, line('x'), 1, undefined, 'urgent')) taken++;
      return taken;
    };
    // Up to a tenth of the queue, and half of what the store takes at once.
    expect(fill()).toBe(151);
    expect(push(intake, 'a stream')).toBe(true);
    const answer = intake.submit(intake.account('http', 'c'), [frame(intake, { a: 1 })]);
    expect(answer).toBeDefined();
    let again = 0;
    intake.whenRoom(() => {
      again = fill();
    }, 'urgent');
    store.release();
    await until(() => again > 0);
    expect(again).toBeLessThanOrEqual(151);
    expect(await answer).toEqual(['kept']);
    await intake.close();
    expect(intake.ledgers().every(balanced)).toBe(true);
  });

  test('keeps trying for syslog when the store fails, and refuses those who wait for an answer', async () => {
    const { store, faults, intake } = setUp();
    store.refusing = true;
    push(intake, 'patient');
    const outcomes = await intake.submit(intake.account('http', 'c'), [
      frame(intake, { a: 1 }),
      frame(intake, { b: 1 }),
    ]);
    expect(outcomes).toEqual(['store-failed', 'store-failed']);
    expect(intake.storeFailing).toBe(true);
    expect(faults.length).toBeGreaterThan(0);
    store.refusing = false;
    await until(() => store.events.length === 1);
    expect(intake.storeFailing).toBe(false);
    const [tcp, http] = intake.ledgers();
    expect(tcp).toMatchObject({ received: 1, kept: 1 });
    expect(http).toMatchObject({ received: 2, kept: 0, refused: 2, reasons: { 'store-failed': 2 } });
    await intake.close();
  });

  test('counts what it could not make durable as dropped when it must stop', async () => {
    const { store, intake } = setUp({ closeMs: 30 });
    store.refusing = true;
    for (let index = 0; index < 7; index++) push(intake, 'lost');
    await intake.close();
    expect(intake.ledgers()[0]).toMatchObject({
      received: 7,
      kept: 0,
      dropped: 7,
      pending: 0,
      reasons: { 'store-failed': 7 },
    });
    expect(push(intake, 'late')).toBe(false);
    expect(intake.submit(intake.account('http', 'c'), [frame(intake, { a: 1 })])).toBeUndefined();
  });

  test('gives up a frame that the store cannot take, so that the others are kept', async () => {
    const { store, intake } = setUp({ retryMinMs: 1, retryMaxMs: 2 });
    store.poison = 'poison';
    for (let index = 0; index < 100; index++)
      push(intake, index % 40 === 7 ? `poison ${index}` : `n${index}`);
    // A frame is given up only while the store takes others.
    await until(() => {
      push(intake, 'good');
      return intake.ledgers()[0]!.dropped === 3;
    });
    await intake.close();
    const { received, kept, dropped, reasons } = intake.ledgers()[0]!;
    expect({ dropped, reasons }).toEqual({ dropped: 3, reasons: { 'store-rejected': 3 } });
    expect(kept).toBe(received - 3);
    expect(store.events).toHaveLength(kept);
  });

  test('does not give up a frame because the store is down for long', async () => {
    const { store, intake } = setUp({ retryMinMs: 1, retryMaxMs: 2 });
    store.refusing = true;
    for (let index = 0; index < 20; index++) push(intake, `n${index}`);
    await until(() => store.appends > 60);
    store.refusing = false;
    await until(() => store.events.length === 20);
    expect(intake.ledgers()[0]).toMatchObject({ kept: 20, dropped: 0 });
    await intake.close();
  });

  test('stops in time with a store that never answers', async () => {
    const { store, intake } = setUp({ closeMs: 20 });
    store.held = true;
    push(intake, 'x');
    await intake.close();
    expect(intake.ledgers()[0]).toMatchObject({ received: 1, pending: 1 });
  });

  test('survives a listener that throws', async () => {
    const store = new MemoryStore();
    const faults: unknown[] = [];
    const intake = createIntake({
      store,
      clock,
      onEvents: () => {
        throw new Error('rule broke');
      },
      onFault: (fault) => faults.push(fault),
    });
    push(intake, 'a');
    await intake.close();
    expect(store.events).toHaveLength(1);
    expect(faults).toHaveLength(1);
  });

  test('bounds the number of sources: a flood of invented addresses shares one account', async () => {
    const { intake } = setUp({ sourcesPerTransport: 100 });
    for (let index = 0; index < 5000; index++) {
      const account = intake.account('syslog-udp', `10.0.${index >> 8}.${index & 255}`);
      if (!intake.push(account, line('x'), 1)) account.lose('queue-full', 1, 0);
    }
    expect(push(intake, 'x', 'honest')).toBe(true);
    await intake.close();
    const ledgers = intake.ledgers();
    expect(ledgers).toHaveLength(102);
    expect(ledgers.find(({ source }) => source === 'syslog-udp/other')).toMatchObject({ received: 4900 });
    expect(ledgers.find(({ source }) => source === 'syslog-tcp/honest')).toMatchObject({ kept: 1 });
  });

  test('balances every account to the last frame, whatever happens in whatever order', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('push' as const), times: fc.integer({ min: 1, max: 12 }) }),
      fc.record({ do: fc.constant('submit' as const), times: fc.integer({ min: 1, max: 12 }) }),
      fc.record({
        do: fc.constantFrom(
          'fail' as const,
          'heal' as const,
          'hold' as const,
          'release' as const,
          'wait' as const,
        ),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const { store, intake, seen } = setUp({
          queueFrames: 20,
          batchFrames: 6,
          retryMinMs: 1,
          retryMaxMs: 2,
        });
        const syslog = intake.account('syslog-udp', 'a');
        const http = intake.account('http', 'b');
        const answers: Promise<readonly string[]>[] = [];
        for (const one of steps) {
          if (one.do === 'push') {
            for (let n = 0; n < one.times; n++)
              if (!intake.push(syslog, line('x'), 1)) syslog.lose('queue-full', 1, 0);
          } else if (one.do === 'submit') {
            const frames = Array.from({ length: one.times }, () => frame(intake, { a: 1 }));
            const answer = intake.submit(http, frames);
            if (answer) answers.push(answer);
            else http.refuse('queue-full', 1, 0, one.times);
          } else if (one.do === 'wait') await new Promise((resolve) => setTimeout(resolve, 1));
          else if (one.do === 'fail') store.refusing = true;
          else if (one.do === 'heal') store.refusing = false;
          else if (one.do === 'hold') store.held = true;
          else store.release();
          expect(intake.ledgers().every(balanced)).toBe(true);
        }
        store.refusing = false;
        store.release();
        await intake.close();
        expect(intake.ledgers().every((ledger) => balanced(ledger) && ledger.pending === 0)).toBe(true);
        const kept = (await Promise.all(answers)).flat().filter((outcome) => outcome === 'kept').length;
        expect(http.kept).toBe(kept);
        expect(store.events).toHaveLength(syslog.kept + http.kept);
        expect(seen).toEqual(store.events);
        expect(intake.totals).toMatchObject({ queued: 0, queuedBytes: 0 });
      }),
      { numRuns: 40 },
    );
  }, 20_000);
});
