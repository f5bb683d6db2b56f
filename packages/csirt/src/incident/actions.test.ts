import { incidentStates } from '@kydai/contracts';
import { describe, expect, it } from 'vitest';
import { ownPlaybooks } from '../testing/runbooks.ts';
import { detectionOf, World } from '../testing/world.ts';
import { actOnIncident, allowedActions, applyAction, incidentActions, transitions } from './actions.ts';

const playbooks = ownPlaybooks();
async function opened() {
  const world = new World(playbooks);
  const { incident } = await world.triage().ingest(detectionOf());
  const act = (action: (typeof incidentActions)[number], comment = 'why') =>
    actOnIncident(world, { incidentId: incident!.id, action, comment, by: 'user:lan' });
  return { world, incident: incident!, act };
}

describe('what people do with an incident', () => {
  it('goes from new to closed, each step with its time, its line in the story and its audit entry', async () => {
    const { world, act } = await opened();
    await act('open');
    await act('comment', 'looked at the switch');
    await act('restore');
    await act('report');
    const closed = await act('close', 'key replaced');
    expect(closed).toMatchObject({ state: 'closed', assignee: 'lan' });
    expect(Object.keys(closed.times).sort()).toEqual(
      ['closed', 'discovery', 'firstMaliciousAction', 'opened', 'reported', 'restorationAchieved'].sort(),
    );
    expect(closed.times.closed).toMatchObject({ source: 'user:lan', precision: 'second' });
    expect(closed.timeline.slice(-5).map(({ code }) => code)).toEqual([
      'action.open',
      'comment',
      'action.restore',
      'action.report',
      'action.close',
    ]);
    expect(world.audit.map(({ action }) => action).slice(-5)).toEqual([
      'incident.open',
      'incident.comment',
      'incident.restore',
      'incident.report',
      'incident.close',
    ]);
  });

  it('is what the table allows, in every state, and nothing else', async () => {
    const { incident } = await opened();
    for (const state of incidentStates) {
      for (const action of incidentActions) {
        const attempt = () =>
          applyAction({ ...incident, state }, { action, comment: 'x', by: 'user:lan' }, 1);
        if (transitions[action].from.includes(state)) expect(() => attempt()).not.toThrow();
        else expect(attempt).toThrow(expect.objectContaining({ code: 'transition-refused' }));
      }
      expect(allowedActions({ ...incident, state })).toEqual(
        incidentActions.filter((action) => transitions[action].from.includes(state)),
      );
    }
  });

  it('needs a word for closing, for a false positive and for a comment', async () => {
    const { act } = await opened();
    await act('open');
    for (const action of ['close', 'false-positive', 'comment'] as const) {
      await expect(act(action, '  ')).rejects.toMatchObject({ code: 'transition-refused' });
    }
  });

  it('happens once when two people press at the same moment', async () => {
    const { act } = await opened();
    const results = await Promise.allSettled([act('open'), act('open')]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('keeps the first report, and says that an unknown incident is unknown', async () => {
    const { world, act } = await opened();
    const first = await act('report');
    world.clock.time += 1000;
    expect((await act('report')).times.reported).toEqual(first.times.reported);
    await expect(
      actOnIncident(world, { incidentId: 'none', action: 'open', comment: '', by: 'user:lan' }),
    ).rejects.toMatchObject({ code: 'incident-unknown' });
  });

  it('cannot make a record that is too large to write', async () => {
    let { incident } = await opened();
    const request = { action: 'comment', by: 'user:lan' } as const;
    for (let index = 0; index < 400; index += 1) {
      incident = applyAction(incident, { ...request, comment: 'x'.repeat(10_000) }, index);
    }
    incident = applyAction(incident, { ...request, comment: 'end' }, 400);
    expect(incident.timeline.length).toBeLessThanOrEqual(300);
    expect(JSON.stringify(incident).length).toBeLessThan(500_000);
    expect(incident.timeline[0]?.code).toBe('detection');
    expect(incident.timeline.at(-1)?.values['comment']).toBe('end');
  });
});
