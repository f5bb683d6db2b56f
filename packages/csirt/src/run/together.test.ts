import { describe, expect, it } from 'vitest';
import { ownPlaybooks } from '../testing/runbooks.ts';
import { detectionOf, World } from '../testing/world.ts';
import type { Executor } from './ports.ts';

const playbooks = ownPlaybooks();
const by = 'user:officer';

/** So many cameras whose containment waits, for all of them for the same reason. */
async function burst(count: number, perMinute = 60) {
  const world = new World(playbooks);
  const slept: number[] = [];
  let hold = async (_ms: number) => {};
  const executor: Executor = world.executor({
    doubtful: async () => true,
    approvedPerMinute: perMinute,
    sleep: async (ms, signal) => {
      slept.push(ms);
      // The time that a containment may take: it is over before.
      if (ms > 1000) await new Promise((_, reject) => signal.addEventListener('abort', reject));
      await hold(ms);
      world.clock.time += ms;
    },
  });
  for (let n = 0; n < count; n++) {
    const detection = detectionOf({ entities: [{ type: 'device', id: `cam-${n}` }], at: world.clock.time });
    const { incident, start } = await world.triage().ingest(detection);
    await executor.start(start!, incident!, detection);
  }
  const waiting = await executor.waiting();
  const holdWith = (next: typeof hold) => {
    hold = next;
  };
  return { world, executor, slept, waiting, holdWith };
}

describe('a burst of approvals', () => {
  it('is a few groups, one for each question, with what each step acts on', async () => {
    const { waiting, executor } = await burst(12);
    const groups = Map.groupBy(waiting, ({ group }) => group);
    expect(waiting.length).toBeGreaterThanOrEqual(12);
    expect(groups.size).toBe(waiting.length / 12);
    for (const members of groups.values()) {
      expect(new Set(members.map(({ stepName }) => stepName)).size).toBe(1);
      expect(members.map(({ targets }) => targets?.[0]?.id).sort()).toHaveLength(12);
    }
    await executor.close();
  });

  it('is approved by one answer, at a bounded pace, except for those that were left out', async () => {
    const { world, waiting, executor, slept } = await burst(6, 120);
    const [first] = Map.groupBy(waiting, ({ group }) => group).values();
    const spared = first!.at(-1)!;
    const members = first!.slice(0, -1);
    const begun = await executor.decideTogether({ members, approved: true, comment: 'seen by two', by });
    expect(begun).toMatchObject({ total: 5, approved: true });
    await executor.settled();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(executor.decisions()[0]).toMatchObject({
      answered: 5,
      gone: 0,
      failed: 0,
      ended: expect.any(Number),
    });
    // Half a second between one and the next.
    expect(slept.filter((ms) => ms > 0 && ms <= 500).length).toBeGreaterThanOrEqual(4);
    const still = await executor.waiting();
    expect(still.map(({ runId, stepId }) => `${runId} ${stepId}`)).toContain(
      `${spared.runId} ${spared.stepId}`,
    );
    const actions = world.records.audit.map(({ action }) => action);
    expect(actions.filter((action) => action === 'approval.grant')).toHaveLength(5);
    expect(actions).toContain('approval.grant-together');
    await executor.close();
  });

  it('stops where the person says so, and the rest waits on', async () => {
    const { executor, waiting, holdWith } = await burst(5);
    const [members] = Map.groupBy(waiting, ({ group }) => group).values();
    const gate = Promise.withResolvers<void>();
    holdWith(() => gate.promise);
    const { id } = await executor.decideTogether({ members: members!, approved: true, comment: '', by });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await executor.stopDecision(id, 'user:chief');
    holdWith(async () => {});
    gate.resolve();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(executor.decisions()[0]).toMatchObject({ answered: 1, stopped: 'user:chief' });
    const left = (await executor.waiting()).filter(({ group }) => group === members![0]!.group);
    expect(left).toHaveLength(4);
    await expect(executor.stopDecision('none', by)).rejects.toMatchObject({ code: 'decision-unknown' });
    await executor.close();
  });

  it('refuses at once, counts what others decided before, and takes neither nothing nor too much', async () => {
    const { executor, waiting, slept } = await burst(4);
    const [members] = Map.groupBy(waiting, ({ group }) => group).values();
    await executor.approve({ ...members![0]!, approved: false, comment: '', by });
    slept.length = 0;
    await executor.decideTogether({ members: members!, approved: false, comment: 'a false alarm', by });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(executor.decisions()[0]).toMatchObject({ answered: 3, gone: 1, failed: 0 });
    expect(slept.filter((ms) => ms >= 1000)).toEqual([]);
    const many = Array.from({ length: 1001 }, () => members![0]!);
    for (const wrong of [[], many])
      await expect(
        executor.decideTogether({ members: wrong, approved: true, comment: '', by }),
      ).rejects.toMatchObject({ code: 'decision-size' });
    await executor.close();
  });
});
