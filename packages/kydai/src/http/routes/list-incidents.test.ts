import { type Incident, write } from '@kydai/contracts';
import { MemoryRecords } from '@kydai/contracts/testing';
import { incidents } from '@kydai/csirt';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Kydai } from '../../flow/kydai.ts';
import { IncidentsAsked, listIncidents } from './list-incidents.ts';

const records = new MemoryRecords();
const kydai = { records, clock: { now: () => 1_000_000 } } as unknown as Kydai;

function incident(n: number, changes: Partial<Incident>): Incident {
  const at = n * 1000;
  return {
    id: `id-${n}`,
    number: `INC-2026-000${n}`,
    title: `Incident ${n}`,
    category: 'stolen-certificate',
    state: 'new',
    severity: 'high',
    drill: false,
    entities: [{ type: 'device', id: `cam-00${n}` }],
    detectionIds: [`d-${n}`],
    detectionCount: n,
    runIds: [],
    times: { discovery: { at, source: 'detection:x', precision: 'second', confidence: 'high' } },
    timeline: [],
    ...changes,
  };
}

const numbers = async (question: Record<string, unknown>) => {
  const page = await listIncidents(kydai, IncidentsAsked.parse(question));
  return page.items.map(({ id }) => Number(id.slice(3)));
};

describe('the list of incidents', () => {
  beforeAll(() =>
    records.commit(
      [
        incident(1, { severity: 'critical', state: 'open', assignee: 'lan' }),
        incident(2, {
          titleVi: 'Đèn tín hiệu giao thông bị can thiệp',
          state: 'contained',
          detectionCount: 9,
        }),
        incident(3, { severity: 'low', state: 'closed', assignee: 'minh' }),
        incident(4, { drill: true, entities: [{ type: 'user', id: 'cam-001' }] }),
        incident(5, { severity: 'critical', assignee: 'minh' }),
      ].map((each) => write.insert(incidents, each)),
    ),
  );

  it('is all of them, newest first, unless told otherwise', async () => {
    expect(await numbers({})).toEqual([5, 4, 3, 2, 1]);
    expect(await numbers({ order: 'discovery' })).toEqual([1, 2, 3, 4, 5]);
  });

  it.each<[Record<string, unknown>, number[]]>([
    [{ state: 'open' }, [5, 4, 2, 1]],
    [{ state: 'acknowledged' }, [1]],
    [{ state: 'closed' }, [3]],
    [{ severity: 'high' }, [5, 4, 2, 1]],
    [{ drill: 'false' }, [5, 3, 2, 1]],
    [{ assignee: 'minh' }, [5, 3]],
    [{ assignee: '-' }, [4, 2]],
    [{ entity: 'device:cam-001' }, [1]],
    [{ entity: 'user:cam-001' }, [4]],
    [{ detection: 'd-3' }, [3]],
    [{ detection: 'none' }, []],
    [{ q: 'den giao THONG' }, [2]],
    [{ q: '2026-0005' }, [5]],
    [{ q: 'am-00' }, [5, 4, 3, 2, 1]],
    [{ q: 'lan' }, [1]],
    [{ q: 'cam-002 cam-003' }, []],
    [{ state: 'open', assignee: 'minh', q: 'cam-005', severity: 'critical' }, [5]],
  ])('is narrowed by %j', async (question, expected) => {
    expect(await numbers(question)).toEqual(expected);
  });

  it.each<[string, number[]]>([
    ['-severity', [5, 1, 4, 2, 3]],
    ['severity', [3, 4, 2, 5, 1]],
    ['-detections', [2, 5, 4, 3, 1]],
    ['state', [5, 4, 1, 2, 3]],
    ['assignee', [1, 5, 3, 4, 2]],
  ])('is ordered by %s, equal ones newest first', async (order, expected) => {
    expect(await numbers({ order })).toEqual(expected);
  });

  it('is given in pages that do not overlap, with the number of all that pass', async () => {
    const first = await listIncidents(
      kydai,
      IncidentsAsked.parse({ order: '-severity', limit: 2, q: 'inc' }),
    );
    expect(first).toMatchObject({ total: 5, items: [{ id: 'id-5' }, { id: 'id-1' }] });
    expect(first).not.toHaveProperty('searched');
    expect(await numbers({ order: '-severity', limit: 2, offset: 2, q: 'inc' })).toEqual([4, 2]);
  });

  it('refuses an entity without a type, and an order that it does not know', async () => {
    await expect(numbers({ entity: 'cam-001' })).rejects.toMatchObject({ code: 'invalid' });
    expect(IncidentsAsked.safeParse({ order: 'body' }).success).toBe(false);
  });
});
