import { sessionCookie } from '../sign-in/caller.ts';

/** What a held request brings to say who signed in. */
export interface Credentials {
  /** As our own doors take them; undefined where it brings nothing. */
  readonly headers: Headers | undefined;
  readonly cookie: string | undefined;
  /** From where a browser says that the request came (Fetch Metadata). */
  readonly site: string | undefined;
}

export function credentialsOf(given: {
  readonly cookie: string | null;
  readonly authorization: string | null;
  readonly site: string | null;
}): Credentials {
  const { cookie, authorization, site } = given;
  const own = cookie?.split(';').some((part) => part.trim().startsWith(`${sessionCookie}=`)) === true;
  const headers = new Headers();
  if (authorization) headers.set('authorization', authorization);
  else if (own) headers.set('cookie', cookie);
  return {
    headers: authorization || own ? headers : undefined,
    cookie: cookie ?? undefined,
    site: site || undefined,
  };
}

/** A browser sends a session cookie by itself: what changes anything must come from a page of the service itself. */
export function isForgery(method: string, { site }: Credentials): boolean {
  if (['GET', 'HEAD', 'OPTIONS'].includes(method)) return false;
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}

/**
 * The cookies that the service behind the proxy may see: all but ours. INVARIANT: no service learns a session by which
 * it could act as its user elsewhere. Under two names: nginx copies one, Envoy replaces the header by the other.
 */
export function withoutSession({ cookie }: Credentials): Readonly<Record<string, string>> {
  if (cookie === undefined) return {};
  const rest = cookie
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '' && !part.startsWith(`${sessionCookie}=`))
    .join('; ')
    .replace(/[^\x20-\x7e]/g, '');
  return { 'x-kydai-cookie': rest, cookie: rest };
}
