import { describe, expect, it } from 'vitest';
import { ownPlaybooks } from '../testing/runbooks.ts';
import { detectionOf, World } from '../testing/world.ts';
import type { Executor } from './ports.ts';

const playbooks = ownPlaybooks();

async function attack(world: World, executor: Executor, id: string): Promise<void> {
  const detection = detectionOf({ entities: [{ type: 'device', id }], at: world.clock.time });
  const { incident, start } = await world.triage().ingest(detection);
  await executor.start(start!, incident!, detection);
  await executor.settled();
}

describe('containment without a person', () => {
  it('still knows after a restart how many containments ran within the hour', async () => {
    const world = new World(playbooks);
    const first = world.executor({ unattendedPerHour: 2 });
    await attack(world, first, 'cam-1');
    await first.close();
    expect(world.effects).toHaveLength(2);
    const second = world.executor({ unattendedPerHour: 2 });
    await attack(world, second, 'cam-2');
    expect(world.effects).toHaveLength(2);
    expect((await second.waiting())[0]!.reason).toContain('unusually many containments');
    world.clock.time += 3_600_001;
    await attack(world, second, 'cam-3');
    expect(world.effects).toHaveLength(4);
    await second.close();
  });

  it('cuts no device off by itself where the detection names a certificate that is not its own', async () => {
    const world = new World(playbooks);
    const executor = world.executor({ doubtful: async () => true });
    await attack(world, executor, 'cam-1');
    expect(world.asked).toEqual([]);
    expect((await executor.waiting())[0]?.reason).toContain('none of the device');
  });

  it('waits for a second source or a person where only unproven senders speak, and goes on when one joins', async () => {
    const world = new World(playbooks);
    let sources = 1;
    const executor = world.executor({ corroborated: async () => sources > 1 });
    await attack(world, executor, 'cam-1');
    const before = await executor.waiting();
    const [waiting] = before;
    expect(waiting?.reason).toContain('a second source or a person');
    expect(world.effects).toEqual([]);
    // Another line of the same sender changes nothing.
    await executor.reconsider(waiting!.incidentId);
    expect(await executor.waiting()).toEqual(before);
    sources = 2;
    await executor.reconsider(waiting!.incidentId);
    await executor.settled();
    expect(world.effects.length).toBeGreaterThan(0);
    expect(await executor.waiting()).toEqual([]);
    expect(world.records.audit.map(({ action }) => action)).toContain('step.corroborate');
    await executor.close();
  });

  it('takes up nothing else that waits for a person when a second source joins', async () => {
    const world = new World(playbooks);
    const executor = world.executor({ doubtful: async () => true, corroborated: async () => true });
    await attack(world, executor, 'cam-1');
    const before = await executor.waiting();
    await executor.reconsider(before[0]!.incidentId);
    await executor.settled();
    expect(await executor.waiting()).toEqual(before);
    expect(world.effects).toEqual([]);
    await executor.close();
  });
});
