import { RecordConflict } from '@kydai/contracts';
import { describe, expect, it } from 'vitest';
import { detections, incidents, startRequests } from '../incident/kinds.ts';
import { ownPlaybooks } from '../testing/runbooks.ts';
import { detectionOf, World } from '../testing/world.ts';
import { triageGroups } from './group.ts';
import { createTriage } from './triage.ts';

const playbooks = ownPlaybooks();
const start = Date.UTC(2026, 10, 21, 8);
const minute = 60_000;

describe('triage', () => {
  it('opens an incident with its number, times and the playbook to start', async () => {
    const world = new World(playbooks);
    const detection = detectionOf({ at: start });
    const { incident, created, start: playbook } = await world.triage().ingest(detection);
    expect(created).toBe(true);
    expect(playbook).toBe('stolen-certificate');
    expect(incident).toMatchObject({
      number: 'INC-2026-0001',
      category: 'stolen-certificate',
      state: 'new',
      severity: 'high',
      titleVi: 'Chứng thư số thiết bị bị đánh cắp: cam-001',
    });
    expect(incident!.times.firstMaliciousAction).toEqual({
      at: start - 5000,
      source: 'event:event-1',
      precision: 'second',
      confidence: 'medium',
    });
    expect(incident!.times.discovery).toMatchObject({
      at: start + 200,
      source: `detection:${detection.id}`,
      confidence: 'high',
    });
    expect(world.audit.map(({ action }) => action)).toEqual(['incident.create']);
    expect(world.signals.seen.map(({ type }) => type)).toEqual(['detection', 'incident']);
  });

  it('puts what shares the device into the same incident, raises its severity and moves its times back', async () => {
    const world = new World(playbooks);
    const triage = world.triage();
    await triage.ingest(detectionOf({ level: 'medium' }));
    const second = await triage.ingest(
      detectionOf({ at: start + minute, firstEventTime: start - 10 * minute + 1, level: 'critical' }),
    );
    expect(second.created).toBe(false);
    expect(second.start).toBeUndefined();
    expect(second.incident).toMatchObject({ severity: 'critical', detectionCount: 2 });
    expect(second.incident!.times.firstMaliciousAction).toMatchObject({
      at: start - 10 * minute + 1,
      precision: 'millisecond',
    });
    expect(second.incident!.times.discovery!.at).toBe(start + 200);
  });

  it.each<[string, Parameters<typeof detectionOf>[0]]>([
    ['another device', { entities: [{ type: 'device', id: 'cam-002' }] }],
    ['another category', { tags: ['kydai.camera-botnet'] }],
    ['a drill', { drill: true }],
    ['the same thing two hours later', { at: start + 120 * minute }],
  ])('keeps %s apart', async (_, fields) => {
    const world = new World(playbooks);
    const triage = world.triage();
    await triage.ingest(detectionOf());
    expect(await triage.ingest(detectionOf(fields))).toMatchObject({ created: true });
    expect(await world.records.count(incidents)).toBe(2);
  });

  it('joins nothing to an incident that people have closed', async () => {
    const world = new World(playbooks);
    const triage = world.triage();
    const { incident } = await triage.ingest(detectionOf());
    const stored = (await world.records.get(incidents, incident!.id))!;
    await world.records.commit([
      {
        op: 'update',
        kind: incidents,
        value: { ...stored.value, state: 'false-positive' },
        version: stored.version,
      },
    ]);
    expect((await triage.ingest(detectionOf())).created).toBe(true);
  });

  it('makes one incident of what comes at once, and one commit of a storm', async () => {
    const world = new World(playbooks);
    const triage = world.triage();
    const results = await Promise.all(Array.from({ length: 2000 }, () => triage.ingest(detectionOf())));
    expect(results.filter(({ created }) => created)).toHaveLength(1);
    expect(results.filter((it) => it.start !== undefined)).toHaveLength(1);
    expect(world.records.commits).toBeLessThan(20);
    const incident = (await world.records.find(incidents)).records[0]!.value;
    expect(incident.detectionCount).toBe(2000);
    expect(incident.detectionIds).toHaveLength(200);
    expect(JSON.stringify(incident).length).toBeLessThan(100_000);
    expect(await world.records.count(detections)).toBe(2000);
  });

  it('makes one incident of what comes to two processes at once, and never one number twice', async () => {
    const world = new World(playbooks);
    const pair = [world.triage(), world.triage()];
    const entities = (index: number) => [{ type: 'device' as const, id: `cam-${index % 7}` }];
    await Promise.all(
      Array.from({ length: 140 }, (_, index) =>
        pair[index % 2]!.ingest(detectionOf({ entities: entities(index) })),
      ),
    );
    const all = (await world.records.find(incidents, { limit: 1000 })).records.map(({ value }) => value);
    expect(all).toHaveLength(7);
    expect(new Set(all.map(({ number }) => number)).size).toBe(7);
    expect(all.reduce((sum, { detectionCount }) => sum + detectionCount, 0)).toBe(140);
  });

  it('takes the same detection once, however often it is sent', async () => {
    const world = new World(playbooks);
    const triage = world.triage();
    const detection = detectionOf();
    const first = await triage.ingest(detection);
    const again = await Promise.all([triage.ingest(detection), triage.ingest(detection)]);
    for (const { incident, created } of again) {
      expect(created).toBe(false);
      expect(incident!.id).toBe(first.incident!.id);
    }
    expect((await world.records.find(incidents)).records[0]!.value.detectionCount).toBe(1);
  });

  it('asks for the playbook when a later detection is serious enough', async () => {
    const world = new World(playbooks);
    const triage = world.triage();
    const fields = { tags: ['kydai.ransomware'], entities: [{ type: 'host' as const, id: 'fs-01' }] };
    expect((await triage.ingest(detectionOf({ ...fields, level: 'medium' }))).start).toBeUndefined();
    const second = await triage.ingest(detectionOf({ ...fields, level: 'critical' }));
    expect(second).toMatchObject({ created: false, start: 'ransomware' });
  });

  it('asks for the playbook again when something else has to be contained, in a follow-up once the incident is full', async () => {
    const world = new World(playbooks);
    const triage = world.triage();
    let starts = 0;
    for (let index = 0; index < 210; index += 1) {
      const entities = [
        { type: 'host' as const, id: 'gw-1' },
        { type: 'address' as const, id: `203.0.113.${index}` },
      ];
      const { start: asked } = await triage.ingest(detectionOf({ tags: ['kydai.brute-force'], entities }));
      if (asked !== undefined) starts += 1;
    }
    // 100 entities each: the host and 99 addresses.
    const found = await world.records.find(incidents, { order: 'number' });
    const [first, second, third] = found.records.map(({ value }) => value);
    expect(found.records).toHaveLength(3);
    expect(starts).toBe(210);
    expect(await world.records.count(startRequests)).toBe(210);
    const said = (incident: typeof first, code: string) =>
      incident!.timeline.find((entry) => entry.code === code)?.values;
    expect(said(first, 'incident.continued-in')).toEqual({ number: second!.number, incident: second!.id });
    expect(said(second, 'incident.continues')).toEqual({ number: first!.number, incident: first!.id });
    expect(said(third, 'incident.continues')).toMatchObject({ number: second!.number });
    expect(third!.entities).toContainEqual({ type: 'address', id: '203.0.113.209' });
  });

  it('opens nothing for low detections without a category, and an uncategorised incident for high ones', async () => {
    const world = new World(playbooks);
    const triage = world.triage();
    expect(await triage.ingest(detectionOf({ tags: [], level: 'medium' }))).toEqual({ created: false });
    const high = await triage.ingest(detectionOf({ tags: [], level: 'high' }));
    expect(high.incident?.category).toBe('uncategorised');
    expect(high.start).toBeUndefined();
    expect(await world.records.count(detections)).toBe(2);
  });

  it('makes incidents for people of a category that no playbook answers', async () => {
    const world = new World(playbooks);
    const tags = ['kydai.category.lost-badge'];
    const { incident, start: asked } = await world.triage().ingest(detectionOf({ tags, level: 'medium' }));
    expect(incident).toMatchObject({ category: 'lost-badge', title: 'One key from two sites: cam-001' });
    expect(asked).toBeUndefined();
  });

  it('finds the category by technique where no tag says it', async () => {
    const world = new World(playbooks);
    const entities = [{ type: 'host' as const, id: 'gw-1' }];
    const { incident } = await world
      .triage()
      .ingest(detectionOf({ tags: [], techniques: ['T1110.001'], entities }));
    expect(incident?.category).toBe('brute-force');
  });

  it('counts the years in Huế, not in Greenwich', async () => {
    const world = new World(playbooks);
    world.clock.time = Date.UTC(2026, 11, 31, 18);
    const { incident } = await world.triage().ingest(detectionOf());
    expect(incident?.number).toBe('INC-2027-0001');
  });

  it('bounds what an incident holds when every detection names something new', async () => {
    const world = new World(playbooks);
    const triage = world.triage();
    await Promise.all(
      Array.from({ length: 1000 }, (_, index) =>
        triage.ingest(
          detectionOf({
            entities: [
              { type: 'device', id: 'cam-001' },
              { type: 'address', id: `2001:db8::${index.toString(16)}` },
            ],
          }),
        ),
      ),
    );
    const incident = (await world.records.find(incidents)).records[0]!.value;
    expect(incident.entities).toHaveLength(100);
    expect(incident.timeline.length).toBeLessThanOrEqual(300);
  });

  it('forgets the group keys that nothing can join any more', async () => {
    const world = new World(playbooks);
    const triage = world.triage();
    await triage.ingest(detectionOf());
    expect(await world.records.count(triageGroups)).toBe(1);
    world.clock.time += 48 * 60 * minute;
    await triage.ingest(detectionOf({ at: world.clock.time, entities: [{ type: 'device', id: 'cam-9' }] }));
    await new Promise((resolve) => setTimeout(resolve, 5));
    const left = (await world.records.find(triageGroups)).records.map(({ value }) => value.key);
    expect(left).toEqual(['stolen-certificate|live|device:cam-9']);
  });

  it('fails the detection that the store refuses and goes on with the next', async () => {
    const world = new World(playbooks);
    const triage = world.triage();
    world.records.beforeCommit = () => {
      throw new Error('disk full');
    };
    await expect(triage.ingest(detectionOf())).rejects.toThrow('disk full');
    world.records.beforeCommit = () => {};
    expect((await triage.ingest(detectionOf())).created).toBe(true);
  });

  it('gives up with a code when the records never hold still', async () => {
    const world = new World(playbooks);
    world.records.beforeCommit = () => {
      throw new RecordConflict('incidents', 'x');
    };
    await expect(createTriage({ ...world }).ingest(detectionOf())).rejects.toMatchObject({ code: 'busy' });
  });
});
