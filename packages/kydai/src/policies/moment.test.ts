import { createEngine, EntityStore, loadPolicySet } from '@kydai/policy';
import { describe, expect, it } from 'vitest';
import { cityMoments, momentGiver } from './moment.ts';

const at = (text: string) => ({ now: () => Date.parse(text) });

describe('the moment of a decision', () => {
  it('is on the wall of the city, whatever the zone of the server', () => {
    const moment = cityMoments('Asia/Ho_Chi_Minh', at('2026-11-22T18:30:00Z'))();
    expect(new Date(moment.local).toISOString()).toBe('2026-11-23T01:30:00.000Z');
    expect(moment).toMatchObject({ now: Date.parse('2026-11-22T18:30:00Z'), weekday: 1 });
  });

  it('follows the summer time of a zone that has one, to the quarter of an hour', () => {
    const clock = { time: Date.parse('2026-03-29T00:59:59Z'), now: () => clock.time };
    const moment = cityMoments('Europe/Paris', clock);
    const hours = () => new Date(moment().local).getUTCHours();
    expect(hours()).toBe(1);
    clock.time += 1000;
    expect(hours()).toBe(3);
  });

  it.each([
    ['Asia/Kathmandu', 5.75],
    ['America/St_Johns', -3.5],
    ['UTC', 0],
  ])('knows %s', (zone, hours) => {
    const { now, local } = cityMoments(zone, at('2026-01-15T12:00:00Z'))();
    expect((local - now) / 3_600_000).toBe(hours);
  });

  it('needs a zone that there is', () => {
    const make = () => cityMoments('Mars/Olympus', at('2026-01-15T12:00:00Z'));
    expect(make).toThrow(expect.objectContaining({ code: 'setting' }));
  });
});

it('is given to the actions that ask for it, and is what a caller cannot say', () => {
  const text = `entity User; entity Area;
action timed appliesTo { principal: [User], resource: [Area], context: { now: datetime, weekday: Long, n?: Long } };
action plain appliesTo { principal: [User], resource: [Area] };`;
  const policySet = loadPolicySet({ schema: { file: 's', text }, policies: [] });
  const engine = createEngine({ policySet, entities: new EntityStore() });
  const complete = momentGiver(engine, cityMoments('Asia/Ho_Chi_Minh', at('2026-11-20T03:00:00Z')));
  const request = (action: string) => ({
    principal: { type: 'User', id: 'an' },
    action,
    resource: { type: 'Area', id: 'a' },
    context: { now: 0, n: 1 },
  });
  expect(complete(request('timed')).context).toEqual({
    now: Date.parse('2026-11-20T03:00:00Z'),
    weekday: 5,
    n: 1,
  });
  expect(complete(request('plain')).context).toEqual({ now: 0, n: 1 });
  expect(complete(request('unknown')).context).toEqual({ now: 0, n: 1 });
});
