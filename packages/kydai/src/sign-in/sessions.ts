import {
  type Clock,
  RecordConflict,
  type RecordStore,
  recordKind,
  type StoredRecord,
  write,
} from '@kydai/contracts';
import { z } from 'zod';
import type { ChangeLog } from '../notify/changes.ts';
import { type KnownPerson, knownPeople, Person } from './person.ts';
import { newSecret, secretDigest } from './secrets.ts';

const Session = z.strictObject({
  digest: z.string(),
  person: Person,
  method: z.enum(['link', 'oidc']),
  started: z.number(),
  expires: z.number(),
  /** It ended before its time, by whom; the record stays until that was told. */
  ended: z.strictObject({ by: z.string() }).optional(),
});
type Session = z.infer<typeof Session>;

const sessions = recordKind<Session>({
  name: 'sessions',
  schema: Session,
  key: (session) => session.digest,
  indexes: {
    person: (session) => session.person.id,
    login: (session) => session.person.login ?? null,
    expires: (session) => session.expires,
    ended: (session) => session.ended !== undefined,
  },
});

/** A person, and the sign-in by which they are known. */
export type SignedIn = Person & {
  readonly signIn: { readonly method: Session['method']; readonly at: number; readonly until: number };
};

export interface Sessions {
  /**
   * Starts a session; the secret goes into the cookie and is kept nowhere. The roles that the person has now hold in
   * all of their sessions.
   */
  start(person: Person, method: Session['method']): Promise<{ secret: string; expires: number }>;
  find(secret: string): Promise<SignedIn | undefined>;
  /** Ids of the people who are signed in and whom logs know by this id or login. */
  peopleOf(name: string): Promise<readonly string[]>;
  /** The newest session of everybody who is signed in. */
  live(): Promise<readonly SignedIn[]>;
  end(secret: string): Promise<void>;
  /** Ends all sessions of a person, by id or by the name that logs know them by; returns how many there were. */
  endAll(person: string, by: string): Promise<number>;
  /** Tells of sessions that ended or ran out, and of roles that changed, as far as nobody was told yet. */
  sweep(): Promise<void>;
  close(): Promise<void>;
}

/** A working day and its handover; after that the person signs in again. */
const sessionLength = 10 * 3600_000;
const sweepEvery = 10_000;
const tries = 5;

/**
 * Sessions of people.
 *
 * INVARIANT: a session's record goes only after enforcement points were durably told that it ended. Until then the
 * mark that it ended stays, over a kill too, and the session serves nobody.
 */
export function createSessions(
  records: RecordStore,
  clock: Clock,
  changes: Pick<ChangeLog, 'publish' | 'settled'>,
  /** Told at once of people who have no session left. */
  onSignedOut: (people: readonly string[]) => void = () => {},
): Sessions {
  const over = (session: Session) => session.ended !== undefined || session.expires <= clock.now();
  const of = async (where: Record<string, string | boolean | { lte: number }>) =>
    (await records.find(sessions, { where, limit: 10_000 })).records;
  let sweeping: Promise<void> = Promise.resolve();
  const timer = setInterval(() => void sweep().catch(() => {}), sweepEvery);
  timer.unref();

  async function tellEnded(): Promise<void> {
    const found = [
      ...(await of({ ended: true })),
      ...(await of({ ended: false, expires: { lte: clock.now() } })),
    ];
    const ends = Map.groupBy(found, ({ value }) => `${value.person.id}\n${value.ended?.by ?? 'system'}`);
    for (const group of ends.values()) {
      const { person, ended } = group[0]!.value;
      const by = ended?.by ?? 'system';
      changes.publish({ type: 'session-ended', user: person.id, by, sessions: group.length });
    }
    if (found.length === 0) return;
    await changes.settled();
    await records.commit(found.map(({ value }) => write.delete(sessions, value.digest)));
  }

  async function tellRoles(): Promise<void> {
    const found = (await records.find(knownPeople, { where: { untold: true }, limit: 10_000 })).records;
    for (const { value } of found) {
      const { id: user, told: before, roles } = value;
      changes.publish({ type: 'claims-changed', user, before, roles });
    }
    if (found.length === 0) return;
    await changes.settled();
    for (const { value, version } of found) {
      // Whoever signed in meanwhile with other roles again is told of by the next sweep.
      await records
        .commit([write.update(knownPeople, { ...value, told: value.roles }, version)])
        .catch(ignoreConflict);
    }
  }

  function sweep(): Promise<void> {
    const next = sweeping.then(async () => {
      await tellEnded();
      await tellRoles();
    });
    sweeping = next.catch(() => {});
    return next;
  }

  const marked = (found: readonly StoredRecord<Session>[], by: string) =>
    found.map(({ value, version }) => write.update(sessions, { ...value, ended: { by } }, version));

  return {
    async start(person, method) {
      const secret = newSecret('kds');
      const roles = [...new Set(person.roles)].sort();
      await again(async () => {
        const now = clock.now();
        const known = await records.get(knownPeople, person.id);
        const entry: KnownPerson = {
          id: person.id,
          roles,
          told: known?.value.told ?? roles,
          signedIn: now,
        };
        const others = (await of({ person: person.id })).filter(({ value }) => !over(value));
        await records.commit(
          [
            write.insert(sessions, {
              digest: secretDigest(secret),
              person: { ...person, roles },
              method,
              started: now,
              expires: now + sessionLength,
            }),
            known === undefined
              ? write.insert(knownPeople, entry)
              : write.update(knownPeople, entry, known.version),
            ...others.map(({ value, version }) =>
              write.update(sessions, { ...value, person: { ...value.person, roles } }, version),
            ),
          ],
          [
            {
              at: now,
              actor: `user:${person.id}`,
              action: 'session.start',
              target: `user:${person.id}`,
              detail: { method, roles: roles.join(' '), assurance: person.assurance },
            },
          ],
        );
      });
      void sweep().catch(() => {});
      return { secret, expires: clock.now() + sessionLength };
    },
    async find(secret) {
      const found = await records.get(sessions, secretDigest(secret));
      return found === undefined || over(found.value) ? undefined : signedIn(found.value);
    },
    async peopleOf(name) {
      const found = [...(await of({ person: name })), ...(await of({ login: name }))];
      return [...new Set(found.filter(({ value }) => !over(value)).map(({ value }) => value.person.id))];
    },
    async live() {
      const newest = new Map<string, SignedIn>();
      for (const { value } of await of({ ended: false })) {
        const before = newest.get(value.person.id);
        if (!over(value) && (before === undefined || before.signIn.at < value.started))
          newest.set(value.person.id, signedIn(value));
      }
      return [...newest.values()];
    },
    async end(secret) {
      const person = await again(async () => {
        const found = await records.get(sessions, secretDigest(secret));
        if (!found || over(found.value)) return undefined;
        const actor = `user:${found.value.person.id}`;
        await records.commit(marked([found], actor), [
          { at: clock.now(), actor, action: 'session.end', target: actor, detail: {} },
        ]);
        return found.value.person.id;
      });
      if (person === undefined) return;
      if ((await of({ person })).every(({ value }) => over(value))) onSignedOut([person]);
      void sweep().catch(() => {});
    },
    async endAll(person, by) {
      const ended = await again(async () => {
        const byId = await of({ person });
        const byLogin = (await of({ login: person })).filter(({ value }) => value.person.id !== person);
        const live = [...byId, ...byLogin].filter(({ value }) => !over(value));
        if (live.length === 0) return 0;
        const detail = { sessions: live.length };
        await records.commit(marked(live, by), [
          { at: clock.now(), actor: by, action: 'session.end-all', target: `user:${person}`, detail },
        ]);
        onSignedOut([...new Set(live.map(({ value }) => value.person.id))]);
        return live.length;
      });
      if (ended > 0) void sweep().catch(() => {});
      return ended;
    },
    sweep,
    async close() {
      clearInterval(timer);
      await sweeping;
    },
  };
}

function signedIn({ person, method, started, expires }: Session): SignedIn {
  return { ...person, signIn: { method, at: started, until: expires } };
}

function ignoreConflict(error: unknown): void {
  if (!(error instanceof RecordConflict)) throw error;
}

/** Decides again on what another request changed meanwhile. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let left = tries; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (left <= 1 || !(error instanceof RecordConflict)) throw error;
    }
  }
}
