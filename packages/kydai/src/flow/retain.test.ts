import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditEntry, uuidv7 } from '@kydai/contracts';
import { type Lake, openLake } from '@kydai/store';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepRetention } from './retain.ts';

const day = 86_400_000;
const now = Date.UTC(2026, 5, 1);
const clock = { now: () => now };

describe('retention', () => {
  let folder: string;
  let lake: Lake;
  let told: AuditEntry[];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kydai-retain-'));
    lake = await openLake({ folder, clock });
    told = [];
    const ages = [1, 20, 200, 500].flatMap((age) =>
      ['sshd.auth', 'camera.log', 'court.log'].map((dataset) => ({ age, dataset })),
    );
    await lake.append(
      ages.map(({ age, dataset }) => {
        const time = now - age * day;
        return {
          id: uuidv7(now),
          time,
          received: time,
          source: 's',
          dataset,
          fields: new Map(),
          raw: `${dataset} ${age}`,
        };
      }),
    );
  });
  afterEach(async () => {
    await lake.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function left(datasets: Readonly<Record<string, number>>): Promise<readonly string[]> {
    const commit = async (_: readonly unknown[], audit: readonly AuditEntry[] = []) =>
      void told.push(...audit);
    const retention = keepRetention({
      events: lake,
      records: { commit },
      clock,
      log: pino({ enabled: false }),
      days: 365,
      datasets,
    });
    await retention.sweep();
    retention.stop();
    return (await lake.search({ order: 'oldest' })).events.map(({ raw }) => raw).toSorted();
  }

  it('is the same for all datasets unless told', async () => {
    expect(await left({})).toHaveLength(9);
    expect(told.map(({ target, detail }) => [target, detail?.['deleted']])).toEqual([['dataset:*', 3]]);
  });

  it('can be shorter or longer for a dataset, each deletion told by itself', async () => {
    expect(await left({ 'camera.log': 10, 'court.log': 3_650 })).toEqual([
      'camera.log 1',
      'court.log 1',
      'court.log 20',
      'court.log 200',
      'court.log 500',
      'sshd.auth 1',
      'sshd.auth 20',
      'sshd.auth 200',
    ]);
    expect(told.map(({ target, detail }) => [target, detail?.['deleted']]).toSorted()).toEqual([
      ['dataset:camera.log', 3],
      ['dataset:sshd.auth', 1],
    ]);
  });
});
