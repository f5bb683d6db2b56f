import { describe, expect, it } from 'vitest';
import { incidents, runs } from '../incident/kinds.ts';
import { computeIndicators } from '../report/indicators.ts';
import { ownPlaybooks } from '../testing/runbooks.ts';
import { detectionOf, World } from '../testing/world.ts';

const playbooks = ownPlaybooks();

/** Runs the playbook of a detection; each question is answered as told, a minute after it was asked. */
async function answered(
  world: World,
  fields: Parameters<typeof detectionOf>[0],
  answers: Readonly<Record<string, boolean>>,
) {
  const detection = detectionOf(fields);
  const { incident, start } = await world.triage().ingest(detection);
  const executor = world.executor();
  const { id: runId } = await executor.start(start!, incident!, detection);
  for (;;) {
    await executor.settled();
    const [next] = await executor.waiting();
    if (next === undefined) break;
    world.clock.time += 60_000;
    const approved = answers[next.stepName] ?? false;
    await executor.approve({ runId, stepId: next.stepId, approved, comment: '', by: 'user:lan' });
  }
  const run = (await world.records.get(runs, runId))!.value;
  return { run, incident: (await world.records.get(incidents, incident!.id))!.value };
}
const byHand = 'Take the device off the network by hand';

describe('an incident contained by hand', () => {
  it('is contained by the word of the person who confirmed it, with medium confidence, and MTTC closes', async () => {
    const world = new World(playbooks);
    world.effect = () => {
      throw new Error('the switch does not answer');
    };
    const { incident } = await answered(world, {}, { [byHand]: true });
    expect(world.effects).not.toEqual([]);
    expect(incident.state).toBe('contained');
    expect(incident.times.containmentAchieved).toEqual({
      at: world.clock.now(),
      source: 'user:lan',
      precision: 'second',
      confidence: 'medium',
    });
    expect(incident.timeline.at(-1)).toMatchObject({
      code: 'state.contained-by-hand',
      values: { by: 'user:lan' },
    });
    const mttc = computeIndicators([incident], world.clock.now()).find(({ name }) => name === 'mttc');
    expect(mttc).toMatchObject({ n: 1, stillOpen: 0, incidentIds: [incident.id] });
  });

  it('is not contained when the person could not do it', async () => {
    const world = new World(playbooks);
    world.effect = (containment) => world.proof(containment, false);
    const { incident } = await answered(world, {}, { [byHand]: false });
    expect(incident.state).toBe('open');
    expect(incident.times.containmentAchieved).toBeUndefined();
  });

  it('is not contained when something is refused after what was done by hand', async () => {
    const world = new World(playbooks);
    world.unattended = () => false;
    const traffic = {
      tags: ['kydai.traffic-tampering'],
      entities: [{ type: 'device' as const, id: 'tlc-014' }],
    };
    const { incident } = await answered(world, traffic, { 'Put the junction into fail-safe mode': true });
    expect(incident.times.containmentAchieved).toBeUndefined();
  });

  it('is not contained by what one branch did where another branch failed and no one made up for it', async () => {
    const world = new World(playbooks);
    world.effect = (containment) => world.proof(containment, false);
    const ransomware = {
      tags: ['kydai.ransomware'],
      level: 'critical' as const,
      entities: [
        { type: 'host' as const, id: 'srv-01' },
        { type: 'user' as const, id: 'an' },
      ],
    };
    const answers = { 'Isolate the hosts': true, 'Protect the backups': true };
    const { incident } = await answered(world, ransomware, answers);
    expect(world.effects).toEqual(['end-sessions user:an']);
    expect(incident.times.containmentAchieved).toBeUndefined();
  });

  it('takes the later of a proof and a confirmed task as its time', async () => {
    const world = new World(playbooks);
    const web = { tags: ['kydai.web-attack'], level: 'critical' as const };
    const entities = [
      { type: 'host' as const, id: 'web-1' },
      { type: 'address' as const, id: '198.51.100.7' },
    ];
    const { incident } = await answered(
      world,
      { ...web, entities },
      { 'Take the server off the network': true },
    );
    expect(world.effects).toEqual(['block-address address:198.51.100.7']);
    expect(incident.times.containmentAchieved).toMatchObject({ source: 'user:lan', at: world.clock.now() });
  });
});

describe('what people read of a run', () => {
  it('says each outcome, reason and command in a way that either language can be made of', async () => {
    const world = new World(playbooks);
    world.unattended = () => false;
    const detection = detectionOf({
      tags: ['kydai.traffic-tampering'],
      entities: [{ type: 'device', id: 'tlc-014' }],
    });
    const { incident, start } = await world.triage().ingest(detection);
    const executor = world.executor();
    const { id: runId } = await executor.start(start!, incident!, detection);
    await executor.settled();
    const [task] = await executor.waiting();
    expect(task).toMatchObject({ task: true, reasonPhrases: [{ code: 'reason.task', values: {} }] });
    expect(task!.command).toContain('junction of controller tlc-014 to flashing yellow');
    expect(task!.commandVi).toContain('nút giao của tủ điều khiển tlc-014');
    await executor.approve({ runId, stepId: task!.stepId, approved: true, comment: '', by: 'user:lan' });
    await executor.settled();
    const [containment] = await executor.waiting();
    expect(containment).toMatchObject({
      reason: 'công nghệ vận hành: phải có người phê duyệt',
      reasonEn: 'operational technology: a person must approve',
      reasonPhrases: [
        {
          code: 'reason.policy',
          values: {
            vi: 'công nghệ vận hành: phải có người phê duyệt',
            en: 'operational technology: a person must approve',
          },
        },
      ],
      incidentTitleVi: expect.stringContaining('tlc-014') as string,
    });
    const { steps } = (await world.records.get(runs, runId))!.value;
    for (const step of steps.filter(({ outcome }) => outcome !== undefined)) {
      expect(step.outcomePhrases?.length, step.name).toBeGreaterThan(0);
    }
  });
});
