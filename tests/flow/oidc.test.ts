import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Program, startProgram } from '../program.ts';

/** A browser's cookies and redirects, by hand: enough to walk through a sign-in. */
class Walker {
  readonly #jars = new Map<string, Map<string, string>>();

  async go(url: string, init: RequestInit = {}): Promise<{ response: Response; url: string }> {
    let [at, options] = [url, init];
    for (let hop = 0; hop < 15; hop++) {
      const jar = this.#jar(at);
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(at, {
        ...options,
        redirect: 'manual',
        headers: { ...options.headers, cookie },
      });
      for (const line of response.headers.getSetCookie()) {
        const [name = '', value = ''] = line.split(';')[0]!.split(/=(.*)/s);
        jar.set(name, value);
      }
      const location = response.headers.get('location');
      if (location === null) return { response, url: at };
      [at, options] = [new URL(location, at).href, {}];
    }
    throw new Error('too many redirects');
  }

  #jar(url: string): Map<string, string> {
    const { host } = new URL(url);
    const jar = this.#jars.get(host) ?? new Map<string, string>();
    this.#jars.set(host, jar);
    return jar;
  }
}

describe('sign-in by OpenID Connect, with a real provider', () => {
  let program: Program;
  const server = createServer();
  let issuer: string;

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    program = await startProgram({
      environment: {
        KYDAI_OIDC_ISSUER: issuer,
        KYDAI_OIDC_CLIENT_ID: 'kydai',
        KYDAI_OIDC_CLIENT_SECRET: 'a-secret-of-tests',
      },
    });
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: 'kydai',
          client_secret: 'a-secret-of-tests',
          redirect_uris: [`${program.addresses.http}/sign-in/oidc/callback`],
        },
      ],
      claims: { openid: ['sub', 'amr'], profile: ['name', 'roles'] },
      conformIdTokenClaims: false,
      pkce: { required: () => true },
      findAccount: (_context, id) => ({
        accountId: id,
        claims: () => ({
          sub: id,
          name: `Chuyên viên ${id}`,
          roles: id === 'lan' ? ['soc-analyst'] : id === 'duy' ? ['devops'] : [],
        }),
      }),
    });
    // The development pages know one factor; this account came with two.
    provider.on('interaction.ended', ({ oidc }) => {
      if (oidc.session?.accountId === 'duy') Object.assign(oidc.session, { amr: ['mfa'] });
    });
    server.on('request', provider.callback());
  }, 60_000);
  afterAll(async () => {
    await program.stop();
    server.close();
  });

  async function signIn(account: string): Promise<Walker> {
    const walker = new Walker();
    const login = await walker.go(`${program.addresses.http}/sign-in/oidc`);
    expect(login.url).toContain(issuer);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    // The provider's development pages: a login form, then a consent form.
    const consent = await walker.go(login.url, {
      method: 'POST',
      headers: form,
      body: `prompt=login&login=${account}&password=x`,
    });
    await walker.go(consent.url, { method: 'POST', headers: form, body: 'prompt=consent' });
    return walker;
  }

  it('tells the console that it is there', async () => {
    const methods = await fetch(`${program.addresses.http}/sign-in/methods`);
    expect(await methods.json()).toEqual({ local: true, oidc: { name: 'OpenID Connect' } });
  });

  it('a person gets the permissions of their roles, and no more', async () => {
    const walker = await signIn('lan');
    const { response } = await walker.go(`${program.addresses.http}/api/v1/session`);
    const session = (await response.json()) as { user: unknown; permissions: string[] };
    expect(session.user).toEqual({ id: `${issuer}#lan`, name: 'Chuyên viên lan', roles: ['soc-analyst'] });
    expect(session.permissions).toContain('search-logs');
    // One factor: the weighty acts stay closed, though the role could contain devices.
    expect(session.permissions).not.toContain('contain-device');
    expect(session.permissions).not.toContain('revoke-certificate');
  });

  it('a person makes no token that may do what they may not', async () => {
    const walker = await signIn('duy');
    const make = async (...scopes: string[]) => {
      const { response } = await walker.go(`${program.addresses.http}/api/v1/api-tokens`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-kydai-csrf': '1' },
        body: JSON.stringify({ name: 'pipeline', scopes, days: 1 }),
      });
      return response.status;
    };
    expect(await make('push-sbom', 'ingest-events')).toBe(200);
    // DevOps may not search logs, which a token of this scope could.
    expect(await make('push-sbom', 'read-api')).toBe(403);
  });

  it('a subject that is called as the local administrator is somebody else', async () => {
    const walker = await signIn('administrator');
    const { response } = await walker.go(`${program.addresses.http}/api/v1/session`);
    expect(response.status).toBe(403);
    const audit = await program.cli('audit', 'list', '--json');
    expect(audit.stdout).toContain(`user:${issuer}#administrator`);
    expect(audit.stdout).not.toContain('"user:administrator"');
  });

  it('a person without a role sees nothing', async () => {
    const walker = await signIn('stranger');
    const { response } = await walker.go(`${program.addresses.http}/api/v1/overview`);
    expect(response.status).toBe(403);
  });

  it('an answer that was not asked for is refused', async () => {
    const { url } = await new Walker().go(`${program.addresses.http}/sign-in/oidc/callback?code=x&state=y`);
    expect(url).toContain('sign-in=expired');
  });
});
