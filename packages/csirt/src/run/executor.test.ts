import { describe, expect, it } from 'vitest';
import { incidents, runs } from '../incident/kinds.ts';
import { ownPlaybooks } from '../testing/runbooks.ts';
import { detectionOf, World } from '../testing/world.ts';

const playbooks = ownPlaybooks();

async function begun(world: World, fields: Parameters<typeof detectionOf>[0] = {}) {
  const detection = detectionOf(fields);
  const triaged = await world.triage().ingest(detection);
  const executor = world.executor();
  const run = await executor.start(triaged.start!, triaged.incident!, detection);
  return { executor, run, incident: triaged.incident!, detection };
}

describe('the executor', () => {
  it('quarantines the device and revokes its certificates, proves both and marks the incident contained', async () => {
    const world = new World(playbooks);
    const { executor, run, incident } = await begun(world);
    await executor.settled();
    const after = (await world.records.get(runs, run.id))!.value;
    expect(after.state).toBe('done');
    expect(world.effects.sort()).toEqual([
      'quarantine-device device:cam-001',
      'revoke-certificate device:cam-001',
    ]);
    const contained = (await world.records.get(incidents, incident.id))!.value;
    expect(contained.state).toBe('contained');
    expect(contained.times.containmentAchieved?.at).toBe(world.clock.now());
    expect(contained.times.opened).toBeDefined();
    expect(contained.runIds).toEqual([run.id]);
    expect(world.audit.map(({ action }) => action)).toContain('containment.effective');
  });
});
