import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, type Program, startProgram, temporaryFolder } from '../program.ts';

const root = join(import.meta.dirname, '../..');
const content = temporaryFolder();
const file = (name: string) => join(content, 'policies/access', name);
const devices = file('devices.cedar');
let original: string;
let program: Program;

beforeAll(async () => {
  for (const folder of ['policies', 'runbooks'])
    cpSync(join(root, folder), join(content, folder), { recursive: true });
  original = readFileSync(devices, 'utf8');
  program = await startProgram({ environment: { KYDAI_CONTENT: content } });
});
afterAll(() => program.stop());

const headers = () => {
  const { key } = JSON.parse(readFileSync(join(program.folder, 'data/operator.json'), 'utf8')) as {
    key: string;
  };
  return { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
};
async function call(path: string, body?: unknown) {
  const response = await fetch(`${program.addresses.http}/api/v1/policies${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: headers(),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: each answer has a shape of its own, which the test states
  return { status: response.status, body: (await response.json()) as any };
}
async function mayHear(): Promise<boolean> {
  const response = await fetch(`${program.addresses.http}/access/v1/evaluation`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      subject: { type: 'user', id: 'nobody' },
      action: { name: 'view' },
      resource: { type: 'area', id: 'overview' },
    }),
  });
  return ((await response.json()) as { decision: boolean }).decision;
}
const everyone =
  '\n@id("everyone")\n@reason("x")\n@reason_en("x")\npermit (principal is User, action == Action::"view", resource);\n';

describe('policies that change while the program runs', () => {
  it('come into force at once, in the audit log and on the stream', async () => {
    const before = (await call('')).body;
    expect(before.policies).toBeGreaterThan(10);
    expect(before.cases).toBeGreaterThan(40);
    expect(await mayHear()).toBe(false);
    const stream = await fetch(`${program.addresses.http}/access/v1/stream`);
    writeFileSync(devices, original + everyone);
    // `view` of a stranger becomes permitted, which one of our own cases says must not be.
    const refused = await call('/reload', {});
    expect(refused.status).toBe(400);
    expect(refused.body.detail).toMatch(
      /console\.test\.json: case `.*` expects permitted by everyone-views and gets .*everyone/,
    );
    expect(await mayHear()).toBe(false);
    const cases = file('console.test.json');
    const told = readFileSync(cases, 'utf8');
    rmSync(cases);
    const after = await call('/reload', {});
    expect(after).toMatchObject({
      status: 200,
      body: { before: before.digest, policies: before.policies + 1 },
    });
    expect(await mayHear()).toBe(true);
    let text = '';
    for await (const chunk of stream.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.includes('policy-set-changed')) break;
    }
    expect(text).toContain(after.body.digest);
    writeFileSync(cases, told);
    writeFileSync(devices, original);
    expect((await program.cli('policy', 'reload')).stdout).toContain(`gave way to ${before.digest}`);
    expect(await mayHear()).toBe(false);
    const audit = (await program.cli('audit', 'list')).stdout;
    expect(audit).toMatch(/policy\.refuse[\s\S]*policy\.reload|policy\.reload[\s\S]*policy\.refuse/);
  });

  it.each([
    ['does not parse', 'permit (principal, action, resource) when { 1 + };', 'parse'],
    [
      'does not fit the schema',
      'permit (principal is Device, action == Action::"publish", resource) when { principal.colour };',
      'validate',
    ],
    ['has an id twice', '@id("device-publishes") permit (principal, action, resource);', 'duplicate'],
  ])(
    'are refused with file, line and column where one %s, and the running set stays',
    async (_, text, code) => {
      const before = (await call('')).body.digest;
      writeFileSync(devices, `${original}\n${text}\n`);
      const { status, body } = await call('/reload', {});
      const lines = original.split('\n').length + 1;
      expect(status).toBe(422);
      expect(body).toMatchObject({ code, file: 'policies/access/devices.cedar', line: lines });
      expect(body.column).toBeGreaterThan(0);
      expect(body.detail).toContain(`devices.cedar:${lines}:`);
      expect((await call('')).body.digest).toBe(before);
      const said = await program.cli('policy', 'reload');
      expect(said.code).toBe(2);
      expect(said.stderr).toContain(`devices.cedar:${lines}:`);
      const checked = await program.cli('policy', 'check');
      expect(checked.stderr).toContain(`devices.cedar:${lines}:`);
      writeFileSync(devices, original);
    },
  );

  it('are read again on SIGHUP', async () => {
    const { pid } = JSON.parse(readFileSync(join(program.folder, 'data/operator.json'), 'utf8')) as {
      pid: number;
    };
    const before = (await call('')).body.digest;
    writeFileSync(devices, `${original}\n// a note\n`);
    process.kill(pid, 'SIGHUP');
    await eventually(async () => (await call('')).body.digest !== before);
    writeFileSync(devices, 'permit (');
    process.kill(pid, 'SIGHUP');
    await eventually(async () => program.printed.includes('devices.cedar:1:'));
    writeFileSync(devices, original);
    process.kill(pid, 'SIGHUP');
    await eventually(async () => (await call('')).body.digest === before);
  });

  it('may be changed by an administrator with two factors alone', async () => {
    const made = await program.cli('token', 'pipeline', '--scope', 'read-api');
    const response = await fetch(`${program.addresses.http}/api/v1/policies/reload`, {
      method: 'POST',
      headers: { authorization: `Bearer ${made.stdout.trim()}` },
    });
    expect(response.status).toBe(403);
    expect((await fetch(`${program.addresses.http}/api/v1/policies/reload`, { method: 'POST' })).status).toBe(
      401,
    );
  });
});

describe('asking what policies do', () => {
  beforeAll(async () => {
    await program.cli('pki', 'token', 'cam-asked', '--kind', 'camera', '--zone', 'district-1');
  });

  it('explains a denial by its forbid, its facts and its remedy', async () => {
    await fetch(`${program.addresses.http}/api/v1/enrolment-tokens`, {
      method: 'POST',
      headers: headers(),
      body: JSON.stringify({
        deviceId: 'cam-drill',
        kind: 'camera',
        zone: 'district-1',
        minutes: 5,
        drill: true,
      }),
    });
    const said = await program.cli('policy', 'explain', 'Device::cam-drill', 'publish', 'Dataset::readings');
    expect(said.stdout).toMatch(/^forbidden/);
    expect(said.stdout).toMatch(/forbid device-without-certificate {2}policies\/access\/devices\.cedar:\d+/);
    expect(said.stdout).toMatch(
      /false {2}principal\.certified\.value\n.*certified is false, says pki, .* ago/,
    );
    expect(said.stdout).toMatch(/It would be allowed if:\n {2}- principal\.certified\.value were true/);
  });

  it('tests cases with coverage', async () => {
    const tested = await program.cli('policy', 'test', '--strict');
    expect(tested).toMatchObject({ code: 0 });
    expect(tested.stdout).toMatch(/^\d+ passed, 0 failed; (\d+) of \1 policies decide in a case/m);
  });

  it('replays what was decided against other policies, and says who loses', async () => {
    for (let index = 0; index < 3; index++) await mayHear();
    const hear = (action: string) =>
      fetch(`${program.addresses.http}/access/v1/evaluation`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          subject: { type: 'user', id: 'operator' },
          action: { name: action },
          resource: { type: 'area', id: 'overview' },
        }),
      });
    await call('');
    await hear('view');
    const consoleFile = file('console.cedar');
    const text = readFileSync(consoleFile, 'utf8');
    writeFileSync(
      consoleFile,
      text
        .replace('@id("everyone-views")', '@id("everyone-views")\n@x("1")')
        .replace(
          /principal in \[Role::"administrator",\s+Role::"ciso",\s+Role::"soc-analyst",/,
          'principal in [Role::"ciso", Role::"soc-analyst",',
        ),
    );
    const report = await eventually(async () => {
      const { stdout, code } = await program.cli('policy', 'replay', '--json');
      const parsed = JSON.parse(stdout) as { loses: { principal: { id: string } }[]; requests: number };
      return parsed.loses.length > 0 ? { ...parsed, code } : undefined;
    });
    expect(report.loses.map(({ principal }) => principal.id)).toEqual(['operator']);
    expect(report.requests).toBeGreaterThanOrEqual(4);
    expect((await program.cli('policy', 'replay')).code).toBe(1);
    writeFileSync(consoleFile, text);
    const same = await program.cli('policy', 'replay');
    expect(same).toMatchObject({ code: 0 });
  });

  it('says which grants a quarantine would take, and takes none', async () => {
    const missing = await program.cli('policy', 'blast', 'no-such-device');
    expect(missing).toMatchObject({ code: 2 });
    const { stdout } = await program.cli('policy', 'blast', 'cam-drill');
    expect(stdout).toMatch(
      /^loses {2}Device::"cam-drill" {2}enrol {2}Profile::"device" .* by quarantined-gets-no-certificate$/m,
    );
    expect(stdout).toMatch(/^4 grants lost, 0 gained, of 1 entity asked about$/m);
    const left = await program.cli('policy', 'blast', 'User::operator', '--leave', 'Role::administrator');
    expect(left.stdout).toMatch(/^loses {2}User::"operator" .*Area::"incidents"/m);
    expect(await program.cli('policy', 'blast', 'User::operator', '--set', 'nonsense')).toMatchObject({
      code: 2,
    });
  });
});
