import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, type Program, startProgram } from '../program.ts';

const main = join(import.meta.dirname, '../../packages/kydai/src/main.ts');

const record = (id: string, cve: string, name: string, fixed: string) => ({
  id,
  aliases: [cve],
  summary: `A weakness of ${name}`,
  published: '2026-01-10T08:00:00Z',
  modified: '2026-01-10T08:00:00Z',
  severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
  affected: [
    {
      package: { ecosystem: 'npm', name },
      ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed }] }],
    },
  ],
});

describe('findings of everything that is kept', () => {
  let program: Program;
  let at: (name: string) => string;
  let secret: string;

  const get = async (path: string) =>
    (
      await fetch(`${program.addresses.http}/api/v1/${path}`, {
        headers: { authorization: `Bearer ${secret}` },
      })
    ).json() as Promise<Record<string, never>>;
  /** A pipeline elsewhere: it has the database and a token. */
  const from = (token: string, ...args: string[]) =>
    new Promise<{ code: number; stderr: string }>((resolve) => {
      const environment = { ...process.env, KYDAI_DATA: at('data'), KYDAI_TOKEN: token };
      const child = execFile(process.execPath, [main, ...args], { env: environment }, (_, __, stderr) =>
        resolve({ code: child.exitCode ?? -1, stderr }),
      );
    });
  const json = (name: string, value: unknown) => {
    writeFileSync(at(name), JSON.stringify(value));
    return at(name);
  };
  const waiverOf = async () =>
    ((await get('waivers')) as unknown as { items: Record<string, unknown>[] }).items;

  beforeAll(async () => {
    program = await startProgram();
    at = (name) => join(program.folder, name);
    secret = (
      await program.cli('token', 'create', 'ci', '--scope', 'push-sbom', '--scope', 'read-api')
    ).stdout.trim();
    const records = json('records.json', [
      record('GHSA-deep-0000-0001', 'CVE-2026-1111', 'deep', '1.0.1'),
      record('GHSA-flat-0000-0002', 'CVE-2026-2222', 'flat', '2.0.0'),
    ]);
    expect((await program.cli('sbom', 'db', 'import', records)).code).toBe(0);
    mkdirSync(at('app'));
    const packages = {
      '': { name: 'app', version: '1.0.0', dependencies: { top: '1', flat: '1' } },
      'node_modules/top': { version: '1.0.0', dependencies: { middle: '1' } },
      'node_modules/middle': { version: '1.0.0', dependencies: { deep: '1' } },
      'node_modules/deep': { version: '1.0.0' },
      'node_modules/flat': { version: '1.9.0', dependencies: { deep: '1' } },
    };
    json('app/package-lock.json', { name: 'app', version: '1.0.0', lockfileVersion: 3, packages });
    await program.cli('sbom', 'generate', at('app'), '-o', at('sbom.json'));
    for (const [system, owner, site] of [
      ['portal', 'Sở TTTT', 'IOC'],
      ['portal-2', 'Sở Xây dựng', ''],
    ] as const) {
      const place = ['--owner', owner, '--zone', 'dmz', ...(site ? ['--site', site] : [])];
      expect((await program.cli('sbom', 'push', system, at('sbom.json'), ...place)).code).toBe(0);
    }
  });
  afterAll(() => program.stop());

  it('are told by system, component, advisory and owner', async () => {
    expect(await get('findings/summary')).toMatchObject({
      systems: 2,
      findings: 4,
      advisories: 2,
      owners: 2,
      components: 2,
    });
    expect(await get('findings/groups?by=system&q=IOC')).toMatchObject({
      total: 1,
      items: [
        {
          key: 'portal',
          findings: 2,
          worst: 'critical',
          system: { site: 'IOC', zone: 'dmz', verdict: 'fail' },
        },
      ],
    });
    expect(await get('findings/groups?by=owner&q=so%20xay')).toMatchObject({
      items: [{ key: 'Sở Xây dựng', systems: 1 }],
    });
    expect(await get('findings/groups?by=component')).toMatchObject({
      total: 2,
      items: [{ systems: 2, fixable: 2 }, {}],
    });
    expect(await get('findings/groups?by=advisory&order=newest&limit=1')).toMatchObject({ total: 2 });
    expect(await get('findings/list?advisory=CVE-2026-1111')).toMatchObject({
      total: 2,
      items: [
        { finding: { advisory: 'GHSA-deep-0000-0001', found: expect.any(Number) }, system: { id: 'portal' } },
        {},
      ],
    });
    expect(await get('advisories/CVE-2026-2222')).toMatchObject({ id: 'GHSA-flat-0000-0002', score: 9.8 });
    expect(await get('advisories/CVE-1999-1')).toMatchObject({ status: 404 });
  });

  it('are shown with the ways on which they came in', async () => {
    const graph = (await get(
      `sboms/portal/graph?component=${encodeURIComponent('pkg:npm/deep@1.0.0')}`,
    )) as unknown as {
      nodes: { name: string }[];
      ways: number[][];
    };
    expect(graph).toMatchObject({ components: 4, vulnerable: 2, shown: 2 });
    const named = graph.ways.map((way) => way.map((node) => graph.nodes[node]!.name).join(' > '));
    expect(named).toEqual(['app > flat > deep', 'app > top > middle > deep']);
    expect(await get('sboms/none/graph')).toMatchObject({ status: 404 });
  });

  it('in a pipeline become the history of its gate, with what became of each waiver', async () => {
    const people = ['Lan', 'Minh'].map((name) => {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      writeFileSync(at(`${name}.key`), privateKey.export({ type: 'pkcs8', format: 'pem' }));
      return { name, key: publicKey.export({ type: 'spki', format: 'pem' }) };
    });
    json('signers.json', { people });
    const until = `${new Date().getFullYear() + 1}-01-31`;
    const file = ['--waivers', at('waivers.yaml')];
    for (const cve of ['CVE-2026-1111', 'CVE-2026-2222']) {
      const terms = ['--owner', 'Lan', '--reason', 'isolated', '--until', until];
      expect(await program.cli('sbom', 'waive', cve, at('sbom.json'), ...terms, ...file)).toMatchObject({
        code: 0,
      });
    }
    const sign = (name: string, advisory: string) =>
      program.cli('sbom', 'sign', advisory, '--name', name, '--key', at(`${name}.key`), ...file);
    const gateArguments = () => [
      ...['sbom', 'gate', at('sbom.json'), ...file],
      ...['--signers', at('signers.json'), '--pipeline', 'app-ci', '--publish'],
    ];
    const gate = () => program.cli(...gateArguments());
    await sign('Lan', 'GHSA-deep-0000-0001');
    expect(await gate()).toMatchObject({ code: 1, stderr: expect.stringContaining('verdict is published') });
    expect(await waiverOf()).toMatchObject([{ state: 'unsigned' }, { state: 'unsigned' }]);

    for (const advisory of ['GHSA-deep-0000-0001', 'GHSA-flat-0000-0002'])
      for (const name of ['Lan', 'Minh']) expect((await sign(name, advisory)).code).toBe(0);
    expect(await from(secret, ...gateArguments(), program.addresses.http)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('verdict is published'),
    });
    expect(await waiverOf()).toMatchObject([
      { state: 'applied', signers: ['Lan', 'Minh'], owner: 'Lan', expires: until, pipeline: 'app-ci' },
      { state: 'applied' },
    ]);
    expect(await get('gate-runs?pipeline=app-ci')).toMatchObject({
      total: 2,
      items: [
        { verdict: 'pass' },
        { verdict: 'fail', blockingTotal: 2, blocking: [{ fix: expect.any(String) }, {}] },
      ],
      pipelines: [{ pipeline: 'app-ci', runs: 2, verdicts: ['pass', 'fail'] }],
    });
    expect((await program.cli('audit', 'list')).stdout).toContain('gate.run');

    const records = json('more.json', { catalogVersion: '1', vulnerabilities: [{ cveID: 'CVE-2026-1111' }] });
    await program.cli('sbom', 'db', 'import', at('records.json'), records);
    expect((await gate()).code).toBe(1);
    expect(await waiverOf()).toMatchObject([
      { advisory: 'GHSA-deep-0000-0001', state: 'reopened', why: expect.stringContaining('exploited') },
      { state: 'applied' },
    ]);
  });

  it('that are exploited on a device become an incident, and its word counts no more', async () => {
    const { addresses } = program;
    const root = at('root.pem');
    writeFileSync(root, await (await fetch(`${addresses.status}/pki/ca/root.pem`)).text());
    const place = ['--kind', 'camera', '--zone', 'district-1', '--quiet'];
    const token = (await program.cli('pki', 'token', 'cam-021', ...place)).stdout.trim();
    const where = ['--server', addresses.devices, '--ca', root, '--folder', at('cam-021')];
    expect(await program.cli('device', 'enrol', 'cam-021', '--token', token, ...where)).toMatchObject({
      code: 0,
    });
    const mayPublish = async () => {
      const response = await fetch(`${addresses.http}/access/v1/evaluation`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          subject: { type: 'device', id: 'cam-021' },
          action: { name: 'publish' },
          resource: { type: 'dataset', id: 'readings' },
        }),
      });
      return ((await response.json()) as { decision: boolean }).decision;
    };
    const firmware = JSON.parse(readFileSync(at('sbom.json'), 'utf8')) as { components: { name: string }[] };
    firmware.components = firmware.components.filter(({ name }) => name === 'flat');
    const kept = await program.cli(
      'sbom',
      'push',
      'cam-021',
      json('firmware.json', firmware),
      '--owner',
      'Sở GTVT',
    );
    expect(kept.stdout).toContain('1 component');
    expect(await mayPublish()).toBe(true);

    const listed = json('listed.json', {
      catalogVersion: '2',
      vulnerabilities: [{ cveID: 'CVE-2026-2222' }],
    });
    await program.cli('sbom', 'db', 'import', at('records.json'), listed);
    await eventually(async () => ((await mayPublish()) ? undefined : true), 30_000);
    const { stdout } = await eventually(async () => {
      const found = await program.cli('incidents', '--json');
      return found.stdout.includes('cam-021') ? found : undefined;
    }, 30_000);
    expect(stdout).toContain('critical');
    expect(await get('findings/groups?by=system&q=cam-021')).toMatchObject({
      items: [{ knownExploited: 1 }],
    });
  });

  it('are told by those alone who may', async () => {
    const nosy = (await program.cli('token', 'create', 'nosy', '--scope', 'read-api')).stdout.trim();
    for (const url of [program.addresses.http, 'http://127.0.0.1:9']) {
      const refused = await from(nosy, 'sbom', 'gate', at('sbom.json'), '--publish', url);
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('could not be published') });
    }
    expect((await get('gate-runs')) as unknown).toMatchObject({ total: 3 });
  });
});
