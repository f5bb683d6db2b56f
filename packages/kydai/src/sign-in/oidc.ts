import type { Clock } from '@kydai/contracts';
import * as client from 'openid-client';
import { isLoopback } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { ShellError } from '../error.ts';
import type { Person } from './person.ts';
import { subjectId } from './subject.ts';

/** What must come back with the browser for a sign-in to be ours; kept in a short-lived cookie. */
export interface PendingSignIn {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export interface Oidc {
  /** Where to send the browser (authorization code flow with PKCE). */
  begin(redirectUri: string): Promise<{ url: string; pending: PendingSignIn }>;
  /** Exchanges the code and reads the person from the ID token. @throws ShellError `sign-in` */
  finish(callback: URL, pending: PendingSignIn): Promise<Person>;
}

/** Sign-in by an OpenID Connect provider, discovered at first use so that a provider that is down delays no start. */
export function createOidc(config: Config['oidc'], clock: Clock): Oidc {
  let discovered: { readonly at: number; readonly configuration: Promise<client.Configuration> } | undefined;
  const discover = () => {
    if (discovered === undefined || clock.now() - discovered.at > 3600_000) {
      discovered = { at: clock.now(), configuration: discovery(config) };
      discovered.configuration.catch(() => {
        discovered = undefined;
      });
    }
    return discovered.configuration;
  };
  return {
    async begin(redirectUri) {
      const configuration = await discover();
      const pending = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
      };
      const url = client.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: 'openid profile email',
        state: pending.state,
        nonce: pending.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(pending.verifier),
        code_challenge_method: 'S256',
      });
      return { url: url.href, pending };
    },
    async finish(callback, pending) {
      const configuration = await discover();
      try {
        const tokens = await client.authorizationCodeGrant(configuration, callback, {
          expectedState: pending.state,
          expectedNonce: pending.nonce,
          pkceCodeVerifier: pending.verifier,
          idTokenExpected: true,
        });
        return person(tokens.claims()!, config.rolesClaim);
      } catch (error) {
        throw new ShellError('sign-in', 'the provider did not confirm the sign-in; start again', {
          cause: error,
        });
      }
    },
  };
}

async function discovery(config: Config['oidc']): Promise<client.Configuration> {
  const issuer = new URL(config.issuer);
  try {
    return await client.discovery(
      issuer,
      config.clientId,
      undefined,
      config.clientSecret === '' ? client.None() : client.ClientSecretBasic(config.clientSecret),
      { timeout: 10, ...(isLoopback(issuer.hostname) ? { execute: [client.allowInsecureRequests] } : {}) },
    );
  } catch (error) {
    throw new ShellError('sign-in', `cannot reach the OpenID Connect issuer \`${issuer.origin}\``, {
      cause: error,
    });
  }
}

/** Two factors are what the provider says in `amr` (RFC 8176) or `acr`; without word of it, one. */
function person(claims: client.IDToken, rolesClaim: string): Person {
  const roles = claims[rolesClaim];
  const methods = Array.isArray(claims['amr']) ? claims['amr'] : [];
  const strong = methods.some((method) =>
    ['mfa', 'hwk', 'otp', 'sc', 'fpt', 'face'].includes(String(method)),
  );
  // OpenID Connect Core section 2: at most 255 ASCII characters.
  if (!/^[\x20-\x7e]{1,255}$/.test(claims.sub))
    throw new ShellError('sign-in', 'the provider sent a subject that is none');
  const login = claims['preferred_username'];
  return {
    id: subjectId(claims.iss, claims.sub),
    name: String(claims['name'] ?? login ?? claims['email'] ?? claims.sub).slice(0, 200),
    ...(typeof login === 'string' && login !== '' ? { login: login.slice(0, 256) } : {}),
    roles: Array.isArray(roles)
      ? roles.filter((role): role is string => typeof role === 'string' && role.length <= 64).slice(0, 32)
      : [],
    assurance: strong ? 2 : 1,
  };
}
