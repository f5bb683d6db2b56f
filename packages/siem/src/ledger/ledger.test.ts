import { AuditEntry } from '@kydai/contracts';
import { expect, test } from 'vitest';
import { LedgerBook } from './book.ts';
import { createLedgerStatements } from './statement.ts';

const clock = { now: () => 1000 };

test('a statement tells of each source that moved, and of all together', () => {
  const book = new LedgerBook(10, clock);
  const statements = createLedgerStatements({ ledgers: () => book.ledgers(), clock });
  const one = book.account('syslog-udp', 'a');
  book.account('http', 'idle');
  one.admit(10, 5);
  one.keep(true);
  one.lose('queue-full', 10, 6);
  const first = statements.next().entries;
  expect(first.map(({ target }) => target)).toEqual([
    'source:syslog-udp/a',
    'source:http/idle',
    'source:all',
  ]);
  expect(first[0]!.detail).toMatchObject({
    since: 2,
    received: 2,
    kept: 1,
    dropped: 1,
    reasons: '{"queue-full":1}',
  });
  expect(first.every((entry) => AuditEntry.safeParse(entry).success)).toBe(true);
  expect(statements.next().entries.map(({ target }) => target)).toEqual(['source:all']);
  one.refuse('line-too-long', 1, 7);
  expect(statements.next().entries[0]!.detail).toMatchObject({ since: 1, received: 3, refused: 1 });
});

test('a statement is bounded, and its sum is not', () => {
  const book = new LedgerBook(1000, clock);
  const statements = createLedgerStatements({ ledgers: () => book.ledgers(), clock });
  for (let index = 0; index < 500; index++) book.account('http', `s${index}`).refuse('x', 1, 1);
  const { entries } = statements.next();
  expect(entries).toHaveLength(201);
  expect(entries.at(-1)!.detail).toMatchObject({ sources: 500, moved: 500, received: 500, refused: 500 });
});

test('in the end every source that moved is stated, however busy others are', () => {
  const book = new LedgerBook(1000, clock);
  const statements = createLedgerStatements({ ledgers: () => book.ledgers(), clock });
  const seen = new Set<string>();
  for (let hour = 0; hour < 4; hour++) {
    for (let index = 0; index < 400; index++) {
      const account = book.account('http', `s${index}`);
      if (index < 150 || hour === 0) account.refuse('x', 1, 1, index < 150 ? 1000 : 1);
    }
    for (const { target } of statements.next().entries) seen.add(target ?? '');
  }
  expect(seen.size).toBe(401);
});

test('after a kill the next statement covers what was not stated', () => {
  const book = new LedgerBook(10, clock);
  const account = book.account('http', 'a');
  account.refuse('x', 1, 1, 5);
  const { stated } = createLedgerStatements({ ledgers: () => book.ledgers(), clock }).next();
  account.refuse('x', 1, 1, 7);
  const after = new LedgerBook(10, clock, book.ledgers());
  const statements = createLedgerStatements({ ledgers: () => after.ledgers(), clock, before: stated });
  expect(statements.next().entries[0]).toMatchObject({
    target: 'source:http/a',
    detail: { from: 1000, since: 7, received: 12 },
  });
});

test('accounts go on after a restart, and what was pending then is lost by name', () => {
  const before = new LedgerBook(10, clock);
  const account = before.account('syslog-tcp', 'a');
  for (let index = 0; index < 5; index++) account.admit(7, 3);
  account.keep(true);
  account.refusePending('store-failed');
  const after = new LedgerBook(10, clock, before.ledgers());
  expect(after.account('syslog-tcp', 'a').snapshot()).toEqual({
    ...account.snapshot(),
    pending: 0,
    dropped: 3,
    reasons: { 'store-failed': 1, 'lost-at-stop': 3 },
  });
});
