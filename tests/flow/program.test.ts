import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, type Program, startProgram, temporaryFolder } from '../program.ts';

describe('the started program', () => {
  let program: Program;
  beforeAll(async () => {
    program = await startProgram();
  }, 60_000);
  afterAll(async () => void (await program.stop()));

  it('says where everything is and how to begin', () => {
    expect(program.printed).toMatch(/first start/);
    expect(program.printed).toMatch(/Sign in {5}http:\/\/127\.0\.0\.1:\d+\/sign-in\/link\?secret=kdl_/);
    expect(program.printed).toMatch(/npx kydai pki token cam-001/);
  });

  it('keeps its folder from other users', () => {
    expect(statSync(join(program.folder, 'data')).mode & 0o077).toBe(0);
    expect(statSync(join(program.folder, 'data/operator.json')).mode & 0o077).toBe(0);
  });

  it('runs the drill from the command line and proves containment', async () => {
    const { code, stdout } = await program.cli('drill', 'stolen-certificate');
    expect(stdout).toMatch(/Contained, and proven from outside/);
    expect(stdout).toMatch(/outside: OCSP/);
    expect(code).toBe(0);
  }, 60_000);

  it('verifies its audit log from the command line', async () => {
    const { code, stdout } = await program.cli('audit', 'verify');
    expect(stdout).toMatch(/Audit log intact: \d+ entries/);
    expect(code).toBe(0);
  });

  it('signs in once by the link, and not twice', async () => {
    const first = await fetch(program.signInLink(), { redirect: 'manual' });
    const cookie = first.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^kydai_session=kds_[^;]+;.*HttpOnly/);
    const second = await fetch(program.signInLink(), { redirect: 'manual' });
    expect(second.headers.get('set-cookie')).toBeNull();
    const session = await fetch(`${program.addresses.http}/api/v1/session`, {
      headers: { cookie: cookie.split(';')[0]! },
    });
    expect(await session.json()).toMatchObject({ user: { id: 'administrator', roles: ['administrator'] } });
  });

  it('answers no one without a session, no page of another site, and no foreign host name', async () => {
    const { http } = program.addresses;
    expect((await fetch(`${http}/api/v1/overview`)).status).toBe(401);
    const { link } = JSON.parse(
      (await program.cli('sign-in')).stdout.replace(/^(.*)\n$/s, '{"link":"$1"}'),
    ) as { link: string };
    const signedIn = await fetch(link, { redirect: 'manual' });
    const cookie = (signedIn.headers.get('set-cookie') ?? '').split(';')[0]!;
    const forged = await fetch(`${http}/api/v1/enrolment-tokens`, {
      method: 'POST',
      headers: { cookie },
      body: '{}',
    });
    expect(forged.status).toBe(403);
    const fromPage = await fetch(`${http}/access/v1/evaluation`, {
      method: 'POST',
      headers: { origin: 'https://evil.example', 'content-type': 'application/json' },
      body: '{}',
    });
    expect(fromPage.status).toBe(401);
    expect(
      await rawRequest(http, 'GET /health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n'),
    ).toMatch(/^HTTP\/1\.1 400/);
  });

  it('takes hostile requests with a clear answer and goes on', async () => {
    const { http, collect } = program.addresses;
    expect(await rawRequest(http, 'NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
    expect(await rawRequest(http, `GET /${'a'.repeat(100_000)} HTTP/1.1\r\n\r\n`)).toMatch(/^HTTP\/1\.1 4/);
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const nested = await fetch(`${http}/access/v1/evaluation`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: deep,
    });
    expect(nested.status).toBe(400);
    const lines = await fetch(`${collect}/events`, {
      method: 'POST',
      body: `{"a":1}\nnot json\n${deep.slice(0, 1000)}\n`,
    });
    expect(await lines.json()).toMatchObject({ received: 3 });
    expect((await fetch(`${http}/health`)).status).toBe(200);
  });

  it('keeps an acknowledged event through a kill', async () => {
    const marker = `kept-${process.pid}`;
    const sent = await fetch(`${program.addresses.collect}/events`, {
      method: 'POST',
      body: `${JSON.stringify({ message: marker, 'event.dataset': 'test' })}\n`,
    });
    expect(await sent.json()).toMatchObject({ kept: 1 });
    program = await program.restart('SIGKILL');
    expect(program.printed).toMatch(/everything is as it was left/);
    const { stdout } = await program.cli('search', marker);
    expect(stdout).toContain(marker);
    expect((await program.cli('incidents', '--all')).stdout).toMatch(/INC-\d{4}-0001/);
  }, 60_000);

  it('judges what was acknowledged before a kill, also across a correlation’s window', async () => {
    const failed = (count: number) =>
      Array.from({ length: count }, () => {
        const message = `<38>1 ${new Date().toISOString()} web-1 sshd 77 - - Failed password for root from 192.0.2.66 port 4022 ssh2`;
        return `${JSON.stringify({ message })}\n`;
      }).join('');
    const send = (body: string) => fetch(`${program.addresses.collect}/events`, { method: 'POST', body });
    expect(await (await send(failed(3))).json()).toMatchObject({ kept: 3 });
    // Three are in the state that the detection keeps every few seconds, two came after it.
    const kept = join(program.folder, 'data/detection.json');
    await eventually(
      async () => existsSync(kept) && readFileSync(kept, 'utf8').includes('192.0.2.66'),
      20_000,
    );
    expect(await (await send(failed(2))).json()).toMatchObject({ kept: 2 });
    program = await program.restart('SIGKILL');
    // Ten within five minutes make a brute force: five of them came before the kill.
    expect(await (await send(failed(5))).json()).toMatchObject({ kept: 5 });
    const found = await eventually(async () => {
      const { stdout } = await program.cli('incidents', '--all', '--json');
      const all = JSON.parse(stdout) as { category: string; entities: { id: string }[] }[];
      return all.find(
        ({ category, entities }) =>
          category === 'brute-force' && entities.some(({ id }) => id === '192.0.2.66'),
      );
    });
    expect(found.category).toBe('brute-force');
  }, 60_000);

  it('stops cleanly on Ctrl-C', async () => {
    expect(await program.stop('SIGINT')).toBe(0);
    expect(program.printed).toMatch(/Stopping: keeping what was taken\.\.\. done/);
    program = await startProgram();
  }, 60_000);
});

describe('a wrong setting', () => {
  it.each([
    ['a misspelt section', 'htp: { port: 1 }', /kydai\.yaml: setting `htp` does not exist/],
    [
      'a number out of range',
      'retention: { days: 0 }',
      /kydai\.yaml: setting `retention\.days` is not valid/,
    ],
    ['text that is not yaml', 'http: { port: [', /kydai\.yaml:1:\d+: not valid yaml/],
  ])('%s gets one line that names it', async (_what, yaml, pattern) => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'kydai.yaml'), yaml);
    await expect(startProgram({ folder })).rejects.toThrow(pattern);
  });

  it('a misspelt variable is named', async () => {
    await expect(startProgram({ environment: { KYDAI_HTTP_PROT: '1' } })).rejects.toThrow(
      /KYDAI_HTTP_PROT: no setting/,
    );
  });

  it('a taken port is named with its setting', async () => {
    const first = await startProgram();
    const port = new URL(first.addresses.http).port;
    await expect(startProgram({ environment: { KYDAI_HTTP_PORT: port } })).rejects.toThrow(
      /setting `http\.port`.*taken/,
    );
    await first.stop();
    await eventually(async () => true);
  }, 60_000);
});

function rawRequest(base: string, text: string): Promise<string> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(text));
    let answer = '';
    socket.setTimeout(10_000, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', (error) => (answer === '' ? reject(error) : resolve(answer)));
  });
}
