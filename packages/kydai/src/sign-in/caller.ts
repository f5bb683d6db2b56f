import type { CedarUid, Decide } from '@kydai/contracts';
import { lasting } from '@kydai/policy';
import type { Composition } from '../policies/composition.ts';
import type { ApiTokens } from './api-tokens.ts';
import { localAdministrator, type Person } from './person.ts';
import { sameSecret } from './secrets.ts';
import type { Sessions } from './sessions.ts';

/** Who makes a request, after the proof was checked. */
export interface Caller {
  /** As the policies know them. */
  readonly uid: CedarUid;
  /** As the audit log names them. */
  readonly actor: string;
  /** Present for people. */
  readonly person?: Person;
  /** True when the browser sends the proof by itself, so that a forged page could make it do so. */
  readonly ambient: boolean;
  /**
   * Puts what the policies need to know of the caller into the entity store. To be called right before a decision: a
   * person's sessions differ in their assurance, and another one's request may have come between.
   */
  known(): void;
}

export interface Callers {
  /** The caller behind a request's headers; undefined when there is no valid proof. */
  identify(headers: Headers): Promise<Caller | undefined>;
}

export const sessionCookie = 'kydai_session';

/**
 * Recognises the command line on this machine (the operator key in the data folder), API tokens, and sessions, by cookie
 * or as a bearer. The facts that policies need about the caller are put into the entity store here.
 */
export function createCallers(parts: {
  readonly sessions: Sessions;
  readonly apiTokens: ApiTokens;
  readonly operatorKey: string;
  readonly composition: Composition;
}): Callers {
  const { sessions, apiTokens, operatorKey, composition } = parts;
  const signIn = { method: 'operator-key', at: Date.now(), until: lasting };
  return {
    async identify(headers) {
      const bearer = bearerOf(headers);
      if (bearer !== undefined) {
        if (sameSecret(bearer, operatorKey)) return personCaller({ ...operator, signIn }, false, composition);
        if (bearer.startsWith('kds_')) {
          const person = await sessions.find(bearer);
          return person === undefined ? undefined : personCaller(person, false, composition);
        }
        const token = bearer.startsWith('kdt_') ? await apiTokens.find(bearer) : undefined;
        if (token === undefined) return undefined;
        const uid = { type: 'Token', id: token.id };
        const known = () => composition.say('sign-in', uid, { attrs: { scopes: [...token.scopes] } });
        known();
        return { uid, actor: `token:${token.id}`, ambient: false, known };
      }
      const secret = cookieOf(headers);
      const person = secret === undefined ? undefined : await sessions.find(secret);
      return person === undefined ? undefined : personCaller(person, true, composition);
    },
  };
}

const operator: Person = { ...localAdministrator, id: 'operator', name: 'kydai' };

/** What a sign-in says of a person, and until when it may be believed. */
export type SignInOf = Person & {
  readonly signIn: { readonly method: string; readonly at: number; readonly until: number };
};

/** Puts what a sign-in says into the entity store. */
export function sayWhoSignedIn(composition: Composition, person: SignInOf): void {
  const { method, at, until } = person.signIn;
  const assurance = { value: person.assurance, source: `sign-in:${method}`, at, until };
  composition.say(
    'sign-in',
    { type: 'User', id: person.id },
    {
      attrs: { name: person.name, assurance },
      parents: person.roles.map((id) => ({ type: 'Role', id })),
    },
  );
}

/** A person without a session may do nothing, whoever asks about them. */
export function sayWhoSignedOut(composition: Composition, people: readonly string[], at: number): void {
  for (const id of people) {
    const uid = { type: 'User', id };
    const said = composition.said('sign-in', uid);
    if (said === undefined) continue;
    const assurance = { value: 0, source: 'sign-out', at, until: lasting };
    composition.say('sign-in', uid, { ...said, attrs: { ...said.attrs, assurance } });
  }
}

function personCaller(person: SignInOf, ambient: boolean, composition: Composition): Caller {
  const uid = { type: 'User', id: person.id };
  const known = () => sayWhoSignedIn(composition, person);
  known();
  return { uid, actor: `user:${person.id}`, person, ambient, known };
}

/** Bearer, or the ways in which log shippers carry an API key: `ApiKey`, bare or as `id:key`, or the password of Basic. */
function bearerOf(headers: Headers): string | undefined {
  const [scheme, value] = (headers.get('authorization') ?? '').split(' ', 2) as [string, string | undefined];
  if (value === undefined) return undefined;
  if (/^bearer$/i.test(scheme)) return value;
  if (!/^(?:apikey|basic)$/i.test(scheme)) return undefined;
  // A bare token is base64 by its letters, too, and what it decodes to may happen to hold a colon.
  if (/^apikey$/i.test(scheme) && /^kd[a-z]_/.test(value)) return value;
  const decoded = Buffer.from(value, 'base64').toString();
  return decoded.includes(':') ? decoded.slice(decoded.indexOf(':') + 1) : value;
}

/** The session secret among the request's cookies. */
export function cookieOf(headers: Headers): string | undefined {
  for (const part of (headers.get('cookie') ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === sessionCookie && value) return value;
  }
  return undefined;
}

/** Which of the given actions the caller may do on an area. */
export function permittedActions<Action extends string>(
  decide: Decide,
  caller: Caller,
  actions: readonly Action[],
  area: string,
): Action[] {
  caller.known();
  return actions.filter(
    (action) => decide({ principal: caller.uid, action, resource: { type: 'Area', id: area } }).allowed,
  );
}
