import { type Clock, RecordConflict, type RecordStore, recordKind, write } from '@kydai/contracts';
import { z } from 'zod';
import { newSecret, secretDigest } from './secrets.ts';

/** A signed-in person. */
export const Person = z
  .strictObject({
    id: z.string().min(1).max(200),
    name: z.string().max(200),
    roles: z.array(z.string().max(64)).max(32).readonly(),
    /** 1: one factor; 2: two factors, or the one-time link on the server itself. */
    assurance: z.number().int().min(0).max(3),
  })
  .readonly();
export type Person = z.infer<typeof Person>;

const Session = z.strictObject({
  digest: z.string(),
  person: Person,
  method: z.enum(['link', 'oidc']),
  started: z.number(),
  expires: z.number(),
});
type Session = z.infer<typeof Session>;

export const sessions = recordKind<Session>({
  name: 'sessions',
  schema: Session,
  key: (session) => session.digest,
  indexes: { person: (session) => session.person.id, expires: (session) => session.expires },
});

export interface Sessions {
  /** Starts a session; the secret goes into the cookie and is kept nowhere. */
  start(person: Person, method: Session['method']): Promise<{ secret: string; expires: number }>;
  find(secret: string): Promise<Person | undefined>;
  end(secret: string): Promise<void>;
  /** Ends all sessions of a person; returns how many there were. */
  endAll(personId: string, by: string): Promise<number>;
}

/** A working day and its handover; after that the person signs in again. */
const sessionLength = 10 * 3600_000;

export function createSessions(
  records: RecordStore,
  clock: Clock,
  /** Told of sessions that ended before their time. */
  onEnded: (personId: string, by: string, sessions: number) => void = () => {},
): Sessions {
  return {
    async start(person, method) {
      const secret = newSecret('kds');
      const now = clock.now();
      const session = {
        digest: secretDigest(secret),
        person,
        method,
        started: now,
        expires: now + sessionLength,
      };
      const old = await records.find(sessions, { where: { expires: { lt: now } }, limit: 1000 });
      await records.commit(
        [
          ...old.records.map(({ value }) => write.delete(sessions, value.digest)),
          write.insert(sessions, session),
        ],
        [
          {
            at: now,
            actor: `user:${person.id}`,
            action: 'session.start',
            target: `user:${person.id}`,
            detail: { method, roles: person.roles.join(' '), assurance: person.assurance },
          },
        ],
      );
      return { secret, expires: session.expires };
    },
    async find(secret) {
      const found = await records.get(sessions, secretDigest(secret));
      return found !== undefined && found.value.expires > clock.now() ? found.value.person : undefined;
    },
    async end(secret) {
      const found = await records.get(sessions, secretDigest(secret));
      if (!found) return;
      const actor = `user:${found.value.person.id}`;
      await records.commit(
        [write.delete(sessions, found.value.digest)],
        [{ at: clock.now(), actor, action: 'session.end', target: actor, detail: {} }],
      );
      onEnded(found.value.person.id, actor, 1);
    },
    async endAll(personId, by) {
      const found = await records.find(sessions, { where: { person: personId }, limit: 10_000 });
      if (found.records.length === 0) return 0;
      await records.commit(
        found.records.map(({ value }) => write.delete(sessions, value.digest)),
        [
          {
            at: clock.now(),
            actor: by,
            action: 'session.end-all',
            target: `user:${personId}`,
            detail: { sessions: found.records.length },
          },
        ],
      );
      onEnded(personId, by, found.records.length);
      return found.records.length;
    },
  };
}

const Link = z.strictObject({ digest: z.string(), expires: z.number() });
export const signInLinks = recordKind<z.infer<typeof Link>>({
  name: 'sign_in_links',
  schema: Link,
  key: (link) => link.digest,
  indexes: { expires: (link) => link.expires },
});

/** Who signs in by the link that the program prints: whoever can read the terminal or the data folder. */
export const localAdministrator: Person = {
  id: 'administrator',
  name: 'Quản trị viên tại máy chủ',
  roles: ['administrator'],
  assurance: 2,
};

export interface SignInLinks {
  /** A secret for one sign-in within 30 minutes. */
  create(): Promise<string>;
  /** True the first time, within its life; the link is spent by it. */
  redeem(secret: string): Promise<boolean>;
}

export function createSignInLinks(records: RecordStore, clock: Clock): SignInLinks {
  return {
    async create() {
      const secret = newSecret('kdl');
      await records.commit([
        write.insert(signInLinks, { digest: secretDigest(secret), expires: clock.now() + 30 * 60_000 }),
      ]);
      return secret;
    },
    async redeem(secret) {
      const found = await records.get(signInLinks, secretDigest(secret));
      if (!found || found.value.expires < clock.now()) return false;
      try {
        // Marking by version before deleting makes two simultaneous redemptions impossible: one of them conflicts.
        await records.commit([
          write.update(signInLinks, { ...found.value, expires: 0 }, found.version),
          write.delete(signInLinks, found.value.digest),
        ]);
        return true;
      } catch (error) {
        if (error instanceof RecordConflict) return false;
        throw error;
      }
    },
  };
}
