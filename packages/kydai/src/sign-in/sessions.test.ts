import { describe, expect, it } from 'vitest';
import type { Change } from '../notify/change.ts';
import { openTestRecords } from '../notify/testing/records.ts';
import type { Person } from './person.ts';
import { createSessions } from './sessions.ts';
import { issuerAndSubject, subjectId } from './subject.ts';

const lan: Person = { id: 'idp.example#7', login: 'lan', name: 'Lan', roles: ['viewer'], assurance: 1 };

async function world() {
  const records = await openTestRecords();
  const clock = { time: 1_000_000, now: () => clock.time };
  const told: Change[] = [];
  let settle = async () => {};
  const changes = { publish: (change: Change) => void told.push(change), settled: () => settle() };
  const open = () => createSessions(records, clock, changes);
  return {
    clock,
    told,
    open,
    sessions: open(),
    /** As if the program were killed before anything becomes durable. */
    kill: () => {
      settle = () => Promise.reject(new Error('killed'));
    },
    revive: () => {
      settle = async () => {};
      told.length = 0;
    },
  };
}

describe('sessions', () => {
  it('serve nobody once they ended or ran out, and both are told', async () => {
    const { sessions, clock, told } = await world();
    const [one, two] = [await sessions.start(lan, 'oidc'), await sessions.start(lan, 'oidc')];
    expect(await sessions.find(one.secret)).toMatchObject({ id: lan.id });
    await sessions.end(one.secret);
    expect(await sessions.find(one.secret)).toBeUndefined();
    await sessions.sweep();
    expect(told).toEqual([{ type: 'session-ended', user: lan.id, by: `user:${lan.id}`, sessions: 1 }]);
    clock.time = two.expires;
    expect(await sessions.find(two.secret)).toBeUndefined();
    await sessions.sweep();
    await sessions.sweep();
    expect(told.slice(1)).toEqual([{ type: 'session-ended', user: lan.id, by: 'system', sessions: 1 }]);
    await sessions.close();
  });

  it('that ended before a kill are told of by the next start', async () => {
    const { sessions, open, told, kill, revive } = await world();
    const { secret } = await sessions.start(lan, 'oidc');
    await sessions.sweep();
    kill();
    expect(await sessions.endAll(lan.id, 'playbook:p')).toBe(1);
    await sessions.sweep().catch(() => {});
    expect(await sessions.find(secret)).toBeUndefined();
    revive();
    const next = open();
    await next.sweep();
    expect(told).toEqual([{ type: 'session-ended', user: lan.id, by: 'playbook:p', sessions: 1 }]);
    expect(await next.endAll(lan.id, 'playbook:p')).toBe(0);
  });

  it('are ended by the name that logs know a person by', async () => {
    const { sessions } = await world();
    const { secret } = await sessions.start(lan, 'oidc');
    expect(await sessions.endAll('lan', 'playbook:p')).toBe(1);
    expect(await sessions.find(secret)).toBeUndefined();
  });

  it('all take the roles of the newest sign-in, each keeps its own strength, and the change is told over a kill', async () => {
    const { sessions, open, told, kill, revive } = await world();
    const { secret } = await sessions.start({ ...lan, roles: ['ciso', 'viewer'], assurance: 2 }, 'oidc');
    await sessions.sweep();
    expect(told).toEqual([]);
    kill();
    await sessions.start(lan, 'oidc');
    expect(await sessions.find(secret)).toMatchObject({ roles: ['viewer'], assurance: 2 });
    await sessions.sweep().catch(() => {});
    revive();
    const next = open();
    await next.sweep();
    await next.sweep();
    expect(told).toEqual([
      { type: 'claims-changed', user: lan.id, before: ['ciso', 'viewer'], roles: ['viewer'] },
    ]);
  });
});

describe('ids of people of a provider', () => {
  it.each([
    ['https://idp.example', 'lan'],
    ['https://idp.example/realms/city', 'a#b'],
    ['http://127.0.0.1:9000', 'x'],
  ])('hold issuer %s and subject %s, and give them back', (issuer, subject) => {
    expect(issuerAndSubject(subjectId(issuer, subject))).toEqual({ issuer, subject });
  });

  it.each(['administrator', 'operator', '#administrator', ''])(
    'are no local id, though a provider sends the subject `%s`',
    (subject) => {
      expect(['administrator', 'operator']).not.toContain(subjectId('https://idp.example', subject));
    },
  );

  it('differ for different issuers and subjects, however long', () => {
    const long = 'x'.repeat(255);
    const ids = [
      subjectId('https://idp.example', long),
      subjectId('https://idp.example', `${long.slice(1)}y`),
      subjectId('https://idp.exampl', `e${long.slice(1)}`),
      subjectId('http://idp.example', 'a'),
      subjectId('https://idp.example', 'a'),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => id.length <= 256)).toBe(true);
    expect(issuerAndSubject(ids[0]!)).toBeUndefined();
    expect(issuerAndSubject('administrator')).toBeUndefined();
  });
});
