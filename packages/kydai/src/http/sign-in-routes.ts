import type { Clock } from '@kydai/contracts';
import { Hono } from 'hono';
import { deleteCookie, getSignedCookie, setCookie, setSignedCookie } from 'hono/cookie';
import type { Config } from '../config/schema.ts';
import { cookieOf, sessionCookie } from '../sign-in/caller.ts';
import type { SignInLinks } from '../sign-in/links.ts';
import { createOidc, type PendingSignIn } from '../sign-in/oidc.ts';
import { localAdministrator } from '../sign-in/person.ts';
import { newSecret } from '../sign-in/secrets.ts';
import type { Sessions } from '../sign-in/sessions.ts';
import { problem } from './problems.ts';

const pendingCookie = 'kydai_sign_in';

/** Sign-in by the printed link and by OpenID Connect, and sign-out. */
export function signInRoutes(parts: {
  readonly config: Config;
  readonly clock: Clock;
  readonly sessions: Sessions;
  readonly links: SignInLinks;
  /** Address of the console as browsers see it, without a slash at its end. */
  readonly publicUrl: () => string;
}): Hono {
  const { config, clock, sessions, links, publicUrl } = parts;
  const app = new Hono();
  const oidc = config.oidc.issuer === '' ? undefined : createOidc(config.oidc, clock);
  const signingKey = newSecret('cookie');
  const redirectUri = () => `${publicUrl()}/sign-in/oidc/callback`;
  const secure = () => publicUrl().startsWith('https:');
  // Lax, not Strict: the answer of the provider comes as a navigation from its site. Unsafe methods need the header.
  const base = () => ({ httpOnly: true, sameSite: 'Lax' as const, secure: secure(), path: '/' });

  app.get('/sign-in/methods', (c) =>
    c.json({ local: true, oidc: oidc === undefined ? null : { name: config.oidc.name } }),
  );

  app.get('/sign-in/link', async (c) => {
    const secret = c.req.query('secret') ?? '';
    if (secret.length > 200 || !(await links.redeem(secret))) return c.redirect('/?sign-in=link-spent', 303);
    const session = await sessions.start(localAdministrator, 'link');
    setCookie(c, sessionCookie, session.secret, { ...base(), expires: new Date(session.expires) });
    return c.redirect('/', 303);
  });

  app.get('/sign-in/oidc', async (c) => {
    if (oidc === undefined) return problem(c, 404, 'not-found', 'OpenID Connect is not configured');
    const { url, pending } = await oidc.begin(redirectUri());
    await setSignedCookie(c, pendingCookie, JSON.stringify(pending), signingKey, { ...base(), maxAge: 600 });
    return c.redirect(url, 303);
  });

  app.get('/sign-in/oidc/callback', async (c) => {
    if (oidc === undefined) return problem(c, 404, 'not-found', 'OpenID Connect is not configured');
    const pending = await getSignedCookie(c, signingKey, pendingCookie);
    deleteCookie(c, pendingCookie, { path: '/' });
    if (!pending) return c.redirect('/?sign-in=expired', 303);
    const callback = new URL(redirectUri());
    callback.search = new URL(c.req.url).search;
    try {
      const person = await oidc.finish(callback, JSON.parse(pending) as PendingSignIn);
      const session = await sessions.start(person, 'oidc');
      setCookie(c, sessionCookie, session.secret, { ...base(), expires: new Date(session.expires) });
      return c.redirect('/', 303);
    } catch {
      return c.redirect('/?sign-in=refused', 303);
    }
  });

  app.post('/api/v1/sign-out', async (c) => {
    if (c.req.header('x-kydai-csrf') !== '1')
      return problem(c, 403, 'forgery', 'the header `x-kydai-csrf: 1` is missing');
    const secret = cookieOf(c.req.raw.headers);
    if (secret !== undefined) await sessions.end(secret);
    deleteCookie(c, sessionCookie, { path: '/' });
    return c.body(null, 204);
  });
  return app;
}
