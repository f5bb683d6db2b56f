import type { Containment } from '@kydai/contracts';
import { MemoryRecords } from '@kydai/contracts/testing';
import { describe, expect, it } from 'vitest';
import { sleep as realSleep } from '../contain/perform.ts';
import { actOnIncident } from '../incident/actions.ts';
import { incidents, runs, startRequests } from '../incident/kinds.ts';
import { loadPlaybooks, type Playbook } from '../playbook/load.ts';
import { playbookOf } from '../testing/playbook.ts';
import { ownPlaybooks } from '../testing/runbooks.ts';
import { detectionOf, World } from '../testing/world.ts';
import { runStates } from './state.ts';

const playbooks = ownPlaybooks();

async function begun(
  world: World,
  fields: Parameters<typeof detectionOf>[0] = {},
  executor = world.executor(),
) {
  const detection = detectionOf(fields);
  const { incident, start } = await world.triage().ingest(detection);
  const run = await executor.start(start ?? world.playbooks[0]!.id, incident!, detection);
  const now = async () => (await world.records.get(runs, run.id))!.value;
  const incidentNow = async () => (await world.records.get(incidents, incident!.id))!.value;
  return { executor, run, incident: incident!, detection, now, incidentNow };
}
const traffic = { tags: ['kydai.traffic-tampering'], entities: [{ type: 'device' as const, id: 'tlc-014' }] };
const only = (playbook: Playbook): World => new World([playbook]);

describe('the executor', () => {
  it('quarantines the device and revokes its certificates, proves both and marks the incident contained', async () => {
    const world = new World(playbooks);
    world.effect = (containment) => {
      world.clock.time += 40;
      return world.proof(containment);
    };
    const { executor, run, now, incidentNow } = await begun(world);
    await executor.settled();
    expect((await now()).state).toBe('done');
    expect(world.effects.sort()).toEqual([
      'quarantine-device device:cam-001',
      'revoke-certificate device:cam-001',
    ]);
    const contained = await incidentNow();
    expect(contained).toMatchObject({ state: 'contained', runIds: [run.id] });
    expect(contained.times.containmentAchieved).toMatchObject({
      at: world.clock.now(),
      source: `run:${run.id}`,
    });
    expect(contained.times.opened?.source).toBe(`run:${run.id}`);
    expect(contained.timeline.map(({ code }) => code)).toEqual(
      expect.arrayContaining([
        'run.started',
        'containment.effective',
        'state.contained',
        'notice',
        'run.done',
      ]),
    );
  });

  it('asks no one about devices that the register does not know', async () => {
    const world = new World(playbooks);
    world.unattended = () => false;
    const executor = world.executor({ known: ({ id }) => !id.startsWith('fake') });
    for (const fields of [traffic, {}]) {
      const entities = [{ type: 'device' as const, id: 'fake-1' }];
      const { now, incidentNow } = await begun(world, { ...fields, entities }, executor);
      await executor.settled();
      const skipped = (await now()).steps.filter(({ outcome }) => outcome === 'not in the register: fake-1');
      expect(skipped.map(({ state }) => state)).toContain('skipped');
      expect(await now()).toMatchObject({ state: 'done' });
      expect((await incidentNow()).state).toBe('open');
    }
    expect(await executor.waiting()).toEqual([]);
    expect(world.asked).toEqual([]);
  });

  it('contains the devices that the register knows beside one that it does not', async () => {
    const world = new World(playbooks);
    const executor = world.executor({ known: ({ id }) => id !== 'fake-1' });
    const entities = ['fake-1', 'cam-001'].map((id) => ({ type: 'device' as const, id }));
    await begun(world, { entities }, executor);
    await executor.settled();
    expect(world.effects.sort()).toEqual([
      'quarantine-device device:cam-001',
      'revoke-certificate device:cam-001',
    ]);
  });

  it('writes every step with its audit entry, and the effect only after its state is durable', async () => {
    const world = new World(playbooks);
    const known: string[] = [];
    world.effect = async (containment) => {
      const [runId, stepId] = containment.id.split('/');
      const stored = await world.records.get(runStates, runId!);
      expect(stored?.value.threads.some((it) => it.invocation === stepId && it.phase === 'effect')).toBe(
        true,
      );
      expect(
        world.audit.some((it) => it.action === 'step.start' && it.target === `step:${runId}/${stepId}`),
      ).toBe(true);
      known.push(containment.id);
      return world.proof(containment);
    };
    const { executor, run } = await begun(world);
    await executor.settled();
    expect(known).toHaveLength(2);
    const actions = world.audit.filter(({ target }) => target.includes(run.id)).map(({ action }) => action);
    expect(actions.filter((action) => action === 'step.done')).toHaveLength(3);
    expect(actions).toEqual(
      expect.arrayContaining(['run.start', 'containment.effective', 'incident.contained', 'run.done']),
    );
  });

  it('asks the policies about each containment with the playbook, the device and the facts', async () => {
    const world = new World(playbooks);
    const asked: unknown[] = [];
    world.unattended = (request) => {
      asked.push(request);
      return true;
    };
    world.operationalTechnology = ({ id }) => id === 'cam-001';
    const { executor } = await begun(world);
    await executor.settled();
    expect(asked).toContainEqual({
      principal: { type: 'Playbook', id: 'stolen-certificate' },
      action: 'contain-unattended',
      resource: { type: 'Device', id: 'cam-001' },
      context: { containment: 'revoke-certificate', severity: 3, operationalTechnology: true, drill: false },
    });
  });

  it('waits for a person where the policies say so, with their reason, and goes on when approved', async () => {
    const world = new World(playbooks);
    world.unattended = () => false;
    const { executor, run, now, incidentNow } = await begun(world, traffic);
    for (const name of [
      'Put the junction into fail-safe mode',
      'Quarantine the controller',
      "Revoke the controller's certificates",
    ]) {
      await executor.settled();
      const [waiting] = await executor.waiting();
      expect(waiting).toMatchObject({ runId: run.id, stepName: name, severity: 'high' });
      expect((await now()).state).toBe('waiting-approval');
      const before = world.asked.length;
      await executor.approve({
        runId: run.id,
        stepId: waiting!.stepId,
        approved: true,
        comment: 'ok',
        by: 'user:lan',
      });
      await executor.settled();
      if (waiting!.task === true) expect(world.asked.length).toBe(before);
      else expect(waiting!.reasonEn).toBe('operational technology: a person must approve');
    }
    expect(await executor.waiting()).toEqual([]);
    expect(world.effects).toEqual(['quarantine-device device:tlc-014', 'revoke-certificate device:tlc-014']);
    expect((await incidentNow()).state).toBe('contained');
    expect(
      world.audit.filter(({ action }) => action === 'approval.grant').map(({ actor }) => actor),
    ).toContain('user:lan');
  });

  it('touches nothing when a person refuses, takes the failure path and does not call it contained', async () => {
    const world = new World(playbooks);
    world.unattended = () => false;
    const { executor, run, now, incidentNow } = await begun(world);
    for (const waiting of await executor.waiting()) {
      await executor.approve({
        runId: run.id,
        stepId: waiting.stepId,
        approved: false,
        comment: 'a test',
        by: 'user:lan',
      });
    }
    await executor.settled();
    expect(world.asked).toEqual([]);
    expect((await now()).steps.filter(({ state }) => state === 'refused')).toHaveLength(2);
    expect((await executor.waiting()).map(({ stepName }) => stepName)).toEqual([
      'Take the device off the network by hand',
    ]);
    expect((await incidentNow()).state).toBe('open');
  });

  it('takes one answer to a question, and none to a step that does not wait', async () => {
    const world = new World(playbooks);
    world.unattended = () => false;
    const { executor, run } = await begun(world, traffic);
    const [waiting] = await executor.waiting();
    const answer = { runId: run.id, stepId: waiting!.stepId, approved: true, comment: '', by: 'user:lan' };
    const results = await Promise.allSettled([executor.approve(answer), executor.approve(answer)]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(executor.approve(answer)).rejects.toMatchObject({ code: 'step-not-waiting' });
    await expect(executor.approve({ ...answer, runId: 'none' })).rejects.toMatchObject({
      code: 'run-unknown',
    });
  });

  it.each(['close', 'false-positive'] as const)(
    'asks no one further when people %s the incident',
    async (action) => {
      const world = new World(playbooks);
      world.unattended = () => false;
      const { executor, incident, now, run } = await begun(world, traffic);
      const [waiting] = await executor.waiting();
      await actOnIncident(world, {
        incidentId: incident.id,
        action,
        comment: 'a test drive',
        by: 'user:lan',
      });
      await executor.settled();
      expect(await executor.waiting()).toEqual([]);
      expect(await now()).toMatchObject({ state: 'done' });
      expect((await now()).steps.at(-1)).toMatchObject({ state: 'skipped' });
      const late = { runId: run.id, stepId: waiting!.stepId, approved: true, comment: '', by: 'user:lan' };
      await expect(executor.approve(late)).rejects.toMatchObject({ code: 'step-not-waiting' });
      expect(world.asked).toEqual([]);
      await executor.close();
    },
  );

  it('lets a person look when unusually many containments ran within an hour, and goes on by itself after it', async () => {
    const world = new World(playbooks);
    const executor = world.executor({ unattendedPerHour: 4 });
    const triage = world.triage();
    const attack = async (count: number, from: number) => {
      for (let index = from; index < from + count; index += 1) {
        const detection = detectionOf({
          entities: [{ type: 'device', id: `cam-${index}` }],
          at: world.clock.time,
        });
        const { incident, start } = await triage.ingest(detection);
        await executor.start(start!, incident!, detection);
      }
      await executor.settled();
    };
    await attack(5, 0);
    expect(world.effects).toHaveLength(4);
    const waiting = await executor.waiting();
    expect(waiting).toHaveLength(6);
    expect(waiting[0]!.reason).toContain('unusually many containments');
    const { runId, stepId } = waiting[0]!;
    await executor.approve({ runId, stepId, approved: true, comment: '', by: 'user:lan' });
    await executor.settled();
    expect(world.effects).toHaveLength(5);
    world.clock.time += 3_600_001;
    await attack(2, 100);
    expect(world.effects).toHaveLength(9);
  });

  it('runs nothing unattended when the policies cannot be evaluated', async () => {
    const world = new World(playbooks);
    world.unattended = () => {
      throw new Error('no policies');
    };
    const { executor } = await begun(world);
    await executor.settled();
    expect(world.asked).toEqual([]);
    expect((await executor.waiting())[0]?.reason).toBe('the response policies could not be evaluated');
  });

  it('tries a failing containment again with the same id, a bounded number of times, then takes the failure path', async () => {
    const world = new World(playbooks);
    world.effect = (containment) => {
      if (containment.action === 'revoke-certificate') throw new Error('the ca is\nnot there');
      return world.proof(containment);
    };
    const { executor, now, incidentNow } = await begun(world);
    await executor.settled();
    const tries = world.asked.filter(({ action }) => action === 'revoke-certificate');
    expect(tries).toHaveLength(3);
    expect(new Set(tries.map(({ id }) => id)).size).toBe(1);
    const failed = (await now()).steps.find(({ state, type }) => state === 'failed' && type === 'action');
    expect(failed?.outcome).toBe('failed after 3 attempts: the ca is not there');
    expect((await executor.waiting()).map(({ stepName }) => stepName)).toEqual([
      'Take the device off the network by hand',
    ]);
    expect((await incidentNow()).state).toBe('open');
    expect(world.audit.filter(({ action }) => action === 'step.retry')).toHaveLength(2);
  });

  it('does not take a containment without effect for one', async () => {
    const world = new World(playbooks);
    let tries = 0;
    world.effect = (containment) =>
      world.proof(containment, containment.action !== 'revoke-certificate' || ++tries > 2);
    const { executor, incidentNow } = await begun(world);
    await executor.settled();
    expect(tries).toBe(3);
    expect((await incidentNow()).state).toBe('contained');
  });

  it('gives a step up when its time is over, even if the answer never comes', async () => {
    const world = only(playbookOf({ containment: { timeout: 30 } }));
    world.effect = () => new Promise(() => {});
    const { executor, now } = await begun(world, {}, world.executor({ sleep: immediately(world) }));
    await executor.settled();
    expect(await now()).toMatchObject({ state: 'failed' });
    expect((await now()).steps.find(({ state }) => state === 'failed')?.outcome).toContain('ACTION_TIMEOUT');
  });

  it('waits for the delay of a step', async () => {
    const world = only(playbookOf({ containment: { delay: 5000 } }));
    const waits: number[] = [];
    const sleep = (milliseconds: number, signal: AbortSignal) => {
      waits.push(milliseconds);
      if (milliseconds !== 5000) return realSleep(milliseconds, signal);
      world.clock.time += milliseconds;
      return Promise.resolve();
    };
    const { executor, now } = await begun(world, {}, world.executor({ sleep }));
    await executor.settled();
    expect(waits).toContain(5000);
    expect((await now()).state).toBe('done');
  });

  it('runs each case of conditions and loops, and bounds a loop that never ends', async () => {
    const branching = only(playbookOf({ condition: "__severity__:value IN ('high', 'critical')" }));
    const { executor } = await begun(branching);
    await executor.settled();
    expect(branching.effects).toEqual(['quarantine-device device:cam-001']);
    const other = only(playbookOf({ condition: "__severity__:value = 'low'" }));
    await (await begun(other)).executor.settled();
    expect(other.effects).toEqual([]);
    const endless = only(playbookOf({ loop: "__severity__:value = 'high'" }));
    const run = await begun(endless);
    await run.executor.settled();
    expect(await run.now()).toMatchObject({ state: 'failed' });
    expect((await run.now()).steps.length).toBeLessThanOrEqual(500);
  });

  it('starts one run however often it is asked to', async () => {
    const world = new World(playbooks);
    const { executor, incident, detection, run } = await begun(world);
    const again = await Promise.all(
      [1, 2, 3].map(() => executor.start('stolen-certificate', incident, detection)),
    );
    expect(again.map(({ id }) => id)).toEqual([run.id, run.id, run.id]);
    expect(await world.records.count(startRequests)).toBe(0);
    await expect(executor.start('none', incident, detection)).rejects.toMatchObject({
      code: 'playbook-unknown',
    });
  });

  it('goes on while triage writes to the same incident', async () => {
    const world = new World(playbooks);
    const triage = world.triage();
    const { executor, incidentNow, now } = await begun(world);
    await Promise.all(Array.from({ length: 100 }, () => triage.ingest(detectionOf())));
    await executor.settled();
    expect((await now()).state).toBe('done');
    expect(await incidentNow()).toMatchObject({ state: 'contained', detectionCount: 101 });
  });

  it('opens a contained incident again when something more is to be contained', async () => {
    const world = new World(playbooks);
    const { executor, incidentNow } = await begun(world);
    await executor.settled();
    const first = (await incidentNow()).times.containmentAchieved!.at;
    world.clock.time += 5000;
    world.unattended = () => false;
    await executor.start('stolen-certificate', await incidentNow(), detectionOf());
    expect(await incidentNow()).toMatchObject({ state: 'open' });
    expect((await incidentNow()).times.containmentAchieved).toBeUndefined();
    world.unattended = () => true;
    for (const { runId, stepId } of await executor.waiting()) {
      await executor.approve({ runId, stepId, approved: true, comment: '', by: 'user:lan' });
    }
    await executor.settled();
    expect((await incidentNow()).times.containmentAchieved!.at).toBe(first + 5000);
  });

  it('says again what no one has answered, once for each stretch of time', async () => {
    const world = new World(playbooks);
    world.unattended = () => false;
    const { executor, incidentNow } = await begun(world, traffic);
    expect(await executor.remind()).toBe(0);
    world.clock.time += 16 * 60_000;
    expect(await executor.remind()).toBe(1);
    expect(await executor.remind()).toBe(0);
    expect((await incidentNow()).timeline.at(-1)).toMatchObject({
      code: 'approval.unanswered',
      values: { minutes: '16' },
    });
    for (let shift = 0; shift < 6; shift += 1) {
      world.clock.time += 15 * 60_000;
      await executor.remind();
    }
    expect((await incidentNow()).timeline.at(-1)).toMatchObject({ values: { escalated: 'yes' } });
    expect(world.audit.filter(({ action }) => action === 'approval.escalate')).toHaveLength(1);
  });
});

describe('after a restart', () => {
  it('begins what triage had asked for when it was killed in between', async () => {
    const world = new World(playbooks);
    await world.triage().ingest(detectionOf());
    const executor = world.executor();
    expect(await executor.resume()).toBe(1);
    await executor.settled();
    expect(world.effects).toHaveLength(2);
    expect(await executor.resume()).toBe(0);
  });

  it('ends the same way from a kill before any commit, and no effect has two ids', async () => {
    // Each round, the records of a run that was killed before its n-th commit; a fresh executor must end it alike.
    for (let kill = 1; kill < 12; kill += 1) {
      const world = new World(playbooks, new MemoryRecords());
      const detection = detectionOf();
      const { incident } = await world.triage().ingest(detection);
      let commits = 0;
      world.records.beforeCommit = () => {
        commits += 1;
        if (commits >= kill) throw new Error('killed');
      };
      const first = world.executor({ retry: { attempts: 3, firstMs: 1, longestMs: 100_000 } });
      await first.start('stolen-certificate', incident!, detection).catch(() => undefined);
      // Long enough for the effects to be asked for and their outcome to be lost.
      await new Promise((resolve) => setTimeout(resolve, 10));
      await first.close();
      world.records.beforeCommit = () => {};
      const second = world.executor();
      await second.resume();
      await second.settled();
      const all = (await world.records.find(runs)).records.map(({ value }) => value);
      expect(all, `killed before commit ${kill}`).toHaveLength(1);
      expect(all[0]!.state).toBe('done');
      expect((await world.records.get(incidents, incident!.id))!.value.state).toBe('contained');
      expect(new Set(world.asked.map(({ id }: Containment) => id)).size).toBe(2);
    }
  });

  it('begins later what could not begin at once, and lets no broken run keep the others', async () => {
    const world = new World(playbooks);
    const { run } = await begun(world, {}, world.executor({ contain: () => new Promise(() => {}) }));
    const broken = (await world.records.get(runStates, run.id))!;
    const lost = { ...broken.value, playbook: 'gone' };
    await world.records.commit([{ op: 'update', kind: runStates, value: lost, version: broken.version }]);
    await world.triage().ingest(detectionOf({ entities: [{ type: 'device', id: 'cam-002' }] }));
    const executor = world.executor();
    await executor.remind();
    expect(world.asked).toEqual([]);
    world.clock.time += 11_000;
    expect(await executor.remind()).toBe(1);
    expect(await executor.waiting()).toEqual([]);
    await executor.settled();
    expect(world.effects).toContain('quarantine-device device:cam-002');
  });

  it('still tries an effect whose time ran out while it was down', async () => {
    const world = new World(playbooks);
    const first = world.executor({ contain: () => new Promise(() => {}) });
    const { now } = await begun(world, {}, first);
    await first.close();
    world.clock.time += 86_400_000;
    const second = world.executor();
    await second.resume();
    await second.settled();
    expect((await now()).state).toBe('done');
  });

  it('ends a run by the playbook that it began with', async () => {
    const before = playbookOf({});
    const world = only(before);
    world.unattended = () => false;
    const { run } = await begun(world);
    const changed = loadPlaybooks([
      { file: 'other.json', text: JSON.stringify(playbooks[0]!.cacao) },
    ]).playbooks;
    const executor = new World(changed, world.records).executor({
      contain: async (containment) => world.proof(containment),
    });
    await executor.resume();
    const [waiting] = await executor.waiting();
    await executor.approve({
      runId: run.id,
      stepId: waiting!.stepId,
      approved: true,
      comment: '',
      by: 'user:lan',
    });
    await executor.settled();
    expect((await world.records.get(runs, run.id))!.value).toMatchObject({
      state: 'done',
      playbookId: before.id,
    });
  });

  it('takes a run up again by itself when the store refused for a while', async () => {
    const world = new World(playbooks);
    let refuse = false;
    let once = false;
    world.records.beforeCommit = () => {
      if (refuse) throw new Error('disk full');
    };
    world.effect = (containment) => {
      if (once) return world.proof(containment);
      once = true;
      refuse = true;
      setTimeout(() => {
        refuse = false;
      }, 20);
      return world.proof(containment);
    };
    const { executor, now } = await begun(world);
    await executor.settled();
    expect((await now()).state).toBe('done');
    expect(new Set(world.asked.map(({ id }) => id)).size).toBe(2);
  });
});

/** A wait that is over at once, and lets the clock run. */
function immediately(world: World) {
  return (milliseconds: number): Promise<void> => {
    world.clock.time += milliseconds;
    return Promise.resolve();
  };
}
