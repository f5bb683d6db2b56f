import { createNormaliser } from '@kydai/siem';
import { expect, test } from 'vitest';
import { openTestRecords } from '../notify/testing/records.ts';
import { carryHeaders, keepHeaders } from './file-headers.ts';

const received = Date.parse('2026-11-21T13:30:00Z');
const line = (message: string, file = '/u_ex.log') => ({ message, 'log.file.path': file });

const raise = (error: unknown) => {
  throw error;
};

test('the headers of files are known after a restart, the newest of each', async () => {
  const records = await openTestRecords();
  const before = createNormaliser({ headers: await carryHeaders(records) });
  const parts = { now: () => received, onFault: raise };
  const close = keepHeaders(records, before, parts);
  before.document(line('#Fields: c-ip'), received, 'http/web');
  before.document(line('#Fields: c-ip sc-status'), received, 'http/web');
  await close();
  const after = createNormaliser({ headers: await carryHeaders(records) });
  const read = after.document(line('203.0.113.7 404'), received, 'http/web');
  expect(Object.fromEntries(read.fields.entries())).toMatchObject({
    'source.ip': '203.0.113.7',
    'http.response.status_code': 404,
  });
  expect(after.document(line('203.0.113.7 404'), received, 'http/other').dataset).toBe('json');
  await records.close();
});

test('no more than the 2,000 that changed last are kept', async () => {
  const records = await openTestRecords();
  const normaliser = createNormaliser();
  for (let round = 0; round < 3; round++) {
    const close = keepHeaders(records, normaliser, {
      now: () => received + round,
      onFault: raise,
    });
    for (let file = 0; file < 900; file++) {
      normaliser.document(line('#Fields: c-ip', `/${round}/${file}`), received, `http/${file}`);
    }
    await close();
  }
  const kept = await carryHeaders(records);
  expect(kept).toHaveLength(2000);
  expect(kept.at(-1)?.file).toContain('/2/');
  await records.close();
});
