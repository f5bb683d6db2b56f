import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIntake, type Intake } from '@kydai/siem';
import { openLake, openRecords } from '@kydai/store';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { carryLedgers, carryWatch, keepLedgers } from './ledgers.ts';

const minute = 60_000;
const undo: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const each of undo.splice(0).reverse()) await each();
});

/** The real stores and the real intake, with a clock of our own. */
async function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'kydai-ledgers-'));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  const clock = { at: Date.parse('2026-11-21T00:00:00Z'), now: () => clock.at };
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { records, audit } = await openRecords({
    file: join(folder, 'records.sqlite'),
    clock,
    auditKey: {
      publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      sign: async (bytes) => sign(null, bytes, privateKey),
    },
  });
  undo.push(() => records.close());
  const events = await openLake({ folder: join(folder, 'events'), clock });
  undo.push(() => events.close());
  return { clock, records, audit, events };
}

const log = pino({ level: 'silent' });
const line = (intake: Intake, count: number) => {
  const account = intake.account('syslog-udp', '10.0.0.1');
  for (let n = 0; n < count; n++) {
    const text = `<13>Nov 21 07:00:00 h app: line ${n}`;
    intake.push(account, text, text.length);
  }
};
const settled = async (intake: Intake) => {
  while (intake.totals.queued > 0) await new Promise((resolve) => setTimeout(resolve, 5));
};

it('a source that falls silent becomes an event, and every hour the accounts go into the signed log', async () => {
  const { clock, records, audit, events } = await setUp();
  const intake = createIntake({ store: events, clock, onEvents: () => {} });
  undo.push(() => intake.close());
  const ledgers = keepLedgers({
    ...{ intake, records, audit, clock, log },
    carried: await carryWatch(records),
    through: () => undefined,
  });
  for (let passed = 0; passed < 75; passed++) {
    if (passed < 40) line(intake, 50);
    await settled(intake);
    clock.at += minute;
    await ledgers.tick();
  }
  const { events: told } = await events.search({
    filter: { op: 'equals', field: 'dataset', value: 'kydai.source' },
  });
  expect(told.map(({ fields }) => fields.get('event.action'))).toEqual(['source_silent']);
  expect(ledgers.watch.rates()).toEqual([
    expect.objectContaining({ source: 'syslog-udp/10.0.0.1', silent: true }),
  ]);

  const entries = (await audit.entries(0, 1000)).map(({ entry }) => entry);
  const statements = entries.filter(({ target }) => target === 'source:syslog-udp/10.0.0.1');
  expect(statements).toHaveLength(1);
  expect(statements[0]?.detail).toMatchObject({ received: 2000, kept: 2000, dropped: 0, refused: 0 });
  expect(await audit.verify()).toMatchObject({ intact: true, checkpoints: 1 });

  await ledgers.close();
  expect(await audit.verify()).toMatchObject({ intact: true, checkpoints: 2 });
});

it('what is usual of a source outlives a kill, so that one that never comes back is told of', async () => {
  const { clock, records, audit, events } = await setUp();
  const open = async () => {
    const carried = await carryLedgers(records, events, clock.now());
    const intake = createIntake({ store: events, clock, onEvents: () => {}, ledgers: carried });
    undo.push(() => intake.close());
    const watched = await carryWatch(records);
    const keeping = keepLedgers({
      ...{ intake, records, audit, clock, log },
      carried: watched,
      through: () => undefined,
    });
    const run = async (minutes: number, count: number) => {
      for (let passed = 0; passed < minutes; passed++) {
        line(intake, count);
        await settled(intake);
        clock.at += minute;
        await keeping.tick();
      }
    };
    return { run, told: () => keeping.watch.rates().map(({ silent }) => silent) };
  };
  const first = await open();
  await first.run(31, 20);
  // No close: as after a kill.
  const second = await open();
  await second.run(5, 0);
  expect(second.told()).toContain(true);
});

it('the accounts go on after a restart, and what a kill left uncounted is counted once', async () => {
  const { clock, records, audit, events } = await setUp();
  let through: string | undefined;
  const open = async () => {
    const carried = await carryLedgers(records, events, clock.now());
    const store = {
      async append(batch: Parameters<typeof events.append>[0]) {
        await events.append(batch);
        through = batch.at(-1)?.id;
      },
    };
    const intake = createIntake({ store, clock, onEvents: () => {}, ledgers: carried });
    undo.push(() => intake.close());
    const keeping = keepLedgers({
      ...{ intake, records, audit, clock, log },
      carried: await carryWatch(records),
      through: () => through,
    });
    return {
      intake,
      keeping,
      ledger: () => intake.ledgers().find(({ source }) => source.startsWith('syslog'))!,
    };
  };
  const first = await open();
  line(first.intake, 30);
  await settled(first.intake);
  await first.keeping.tick();
  line(first.intake, 12);
  await settled(first.intake);
  const { parsed, bytes } = first.ledger();
  expect(parsed).toBe(42);
  // No close: as after a kill.
  const second = await open();
  expect(second.ledger()).toMatchObject({
    received: 42,
    kept: 42,
    parsed,
    bytes,
    pending: 0,
    reasons: { 'counted-after-kill': 12 },
  });
  clock.at += 10 * minute;
  await second.keeping.close();
  const statement = (await audit.entries(0, 100)).find(({ entry }) =>
    entry.target?.startsWith('source:syslog'),
  );
  // Nothing was stated before the kill: this says all of it, from the beginning.
  expect(statement?.entry.detail).toMatchObject({ since: 42, kept: 42, from: clock.at - 10 * minute });
  const third = await open();
  expect(third.ledger()).toEqual(second.ledger());
  // A clock that was set back does not make events look as if they were counted already, nor count any twice.
  clock.at -= 24 * 60 * minute;
  line(third.intake, 5);
  await settled(third.intake);
  await third.keeping.tick();
  line(third.intake, 3);
  await settled(third.intake);
  expect((await open()).ledger()).toMatchObject({ received: 50, kept: 50 });
});
