import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBom } from '../model/validate.ts';
import { osv, recordingIo, releaseRules, temporaryFolder, vectors } from '../testing.ts';
import { parseXml } from '../xml/tree.ts';
import { type GateCommand, runGate } from './gate.ts';
import { runGenerate } from './generate.ts';
import { runImport } from './import.ts';
import { runSign, runWaive, type WaiveCommand } from './waive.ts';
import { runWhy } from './why.ts';

const now = Date.UTC(2026, 5, 1);
const clock = { now: () => now };

const lock = (dependencies: Record<string, string>) => ({
  name: 'portal',
  version: '1.0.0',
  lockfileVersion: 3,
  packages: {
    '': { name: 'portal', version: '1.0.0', dependencies: { top: '1' } },
    'node_modules/top': {
      version: '1.0.0',
      dependencies: Object.fromEntries(Object.keys(dependencies).map((name) => [name, '*'])),
    },
    ...Object.fromEntries(
      Object.entries(dependencies).map(([name, version]) => [`node_modules/${name}`, { version }]),
    ),
  },
});

function person(name: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return { name, keyPem: privateKey, declared: { name, key: publicKey } };
}

async function stage(dependencies: Record<string, string>) {
  const folder = temporaryFolder();
  const project = join(folder.path, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package-lock.json'), JSON.stringify(lock(dependencies)));
  const records = join(folder.path, 'records.json');
  const severe = {
    summary: 'Bad \u001b[31mthing',
    severity: [{ type: 'CVSS_V3', score: vectors.critical }],
    aliases: ['CVE-2026-1'],
  };
  writeFileSync(
    records,
    JSON.stringify([osv('GHSA-bad', 'bad', [{ introduced: '0' }, { fixed: '1.2.3' }], severe)]),
  );
  const database = join(folder.path, 'advisories.db');
  const importIo = recordingIo();
  expect(await runImport({ inputs: [records], output: database, clock }, importIo)).toBe(0);
  const run = async (more: Partial<GateCommand> = {}, io = recordingIo()) => {
    const code = await runGate(
      {
        path: project,
        database,
        principal: { type: 'User', id: 'u' },
        decide: releaseRules().decide,
        clock,
        ...more,
      },
      io,
    );
    return { code, ...io.text };
  };
  return { folder, project, database, records, importIo, run };
}

describe('kydai sbom gate', () => {
  it('fails on a known vulnerable package and says why, how it came in, and what to move to', async () => {
    const { folder, run } = await stage({ bad: '1.0.0' });
    using _ = folder;
    const { code, out } = await run();
    expect(code).toBe(1);
    for (const part of [
      'FAIL',
      'bad 1.0.0',
      'via top@1.0.0',
      'GHSA-bad (CVE-2026-1)',
      'CVSS 9.8',
      'CRITICAL',
      'fixed in 1.2.3',
      'move to 1.2.3',
      'critical-or-high',
    ]) {
      expect(out).toContain(part);
    }
  });

  it('passes when the fix is in', async () => {
    const { folder, run } = await stage({ bad: '1.2.3' });
    using _ = folder;
    const { code, out } = await run();
    expect(code).toBe(0);
    expect(out).toContain('PASS');
  });

  it('colours only for a terminal, and never passes on escapes from outside', async () => {
    const { folder, run } = await stage({ bad: '1.0.0' });
    using _ = folder;
    expect((await run()).out).not.toContain('\u001b');
    const { out } = await run({}, recordingIo({ columns: 80 }));
    expect(out).toContain('\u001b[');
    expect(out).not.toContain('Bad \u001b[31mthing');
  });

  it('could not check without a whole database', async () => {
    const { folder, run, database } = await stage({ bad: '1.2.3' });
    using _ = folder;
    expect(await run({ database: join(folder.path, 'absent') })).toMatchObject({
      code: 2,
      err: expect.stringContaining('database-missing'),
    });
    truncateSync(database, readFileSync(database).length - 1);
    expect(await run()).toMatchObject({ code: 2, err: expect.stringContaining('database-truncated') });
    truncateSync(database, 0);
    expect(await run()).toMatchObject({ code: 2, err: expect.stringContaining('database-empty') });
  });

  it('could not check an SBOM that is not there, broken or empty', async () => {
    const { folder, run } = await stage({ bad: '1.2.3' });
    using _ = folder;
    const file = join(folder.path, 'sbom.json');
    expect(await run({ path: file })).toMatchObject({ code: 2, err: expect.stringContaining('not-found') });
    writeFileSync(file, '{"bomFormat":"Cyclo');
    expect(await run({ path: file })).toMatchObject({ code: 2, err: expect.stringContaining('invalid-bom') });
    writeFileSync(file, JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6' }));
    expect(await run({ path: file })).toMatchObject({
      code: 2,
      out: expect.stringContaining('COULD NOT CHECK'),
    });
    mkdirSync(join(folder.path, 'nothing'));
    expect(await run({ path: join(folder.path, 'nothing') })).toMatchObject({ code: 2 });
  });

  it('could not check an SBOM of half a gigabyte, and does not read it', async () => {
    const { folder, run } = await stage({ bad: '1.2.3' });
    using _ = folder;
    for (const name of ['sbom.json', 'sbom.xml', 'package-lock.json']) {
      const file = join(folder.path, name);
      writeFileSync(file, name.endsWith('xml') ? '<bom' : '{"bomFormat":"CycloneDX"');
      truncateSync(file, 500 * 1024 * 1024);
      const before = process.memoryUsage().rss;
      expect(await run({ path: file })).toMatchObject({ code: 2 });
      expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
    }
  });

  it('could not check a lockfile in YAML that was cut or written twice', async () => {
    const { folder, run, project } = await stage({});
    using _ = folder;
    rmSync(join(project, 'package-lock.json'));
    for (const text of [
      'lockfileVersion: "9.0"\npackages:\n  bad@1.0.0: {resolution: {integrity: sha512-AAAA\n',
      'lockfileVersion: "9.0"\npackages:\n  a@1.0.0: {}\npackages:\n  b@1.0.0: {}\n',
    ]) {
      writeFileSync(join(project, 'pnpm-lock.yaml'), text);
      expect(await run()).toMatchObject({ code: 2, out: expect.stringContaining('pnpm-lock.yaml') });
    }
  });

  it('says in every report what it rests on, and what else the policies saw', async () => {
    const { folder, run, database, records } = await stage({ bad: '1.0.0' });
    using _ = folder;
    const kev = join(folder.path, 'kev.json');
    const epss = join(folder.path, 'epss.csv');
    writeFileSync(kev, JSON.stringify({ catalogVersion: '2026.05.30', vulnerabilities: [] }));
    writeFileSync(
      epss,
      '#model_version:v2025.03.14,score_date:2026-05-31T00:00:00+0000\ncve,epss,percentile\nCVE-2026-1,0.42,0.9\n',
    );
    for (const format of ['table', 'markdown', 'html', 'sarif', 'junit'] as const) {
      const { out } = await run({ format, zone: 'dmz' });
      for (const part of ['no KEV catalog', 'no EPSS', '0 direct, 1 transitive', 'dmz', 'supplier'])
        expect(out.replaceAll(/\s+/g, ' ')).toContain(part);
    }
    expect(await runImport({ inputs: [records, kev, epss], output: database, clock }, recordingIo())).toBe(0);
    for (const format of ['table', 'markdown', 'html', 'sarif', 'junit'] as const) {
      const text = (await run({ format })).out.replaceAll(/\s+/g, ' ');
      for (const part of ['KEV 2026.05.30', 'EPSS 2026-05-31', '42.0%']) expect(text).toContain(part);
    }
  });

  it('could not check with data that is too old for the policies', async () => {
    const { folder, run } = await stage({ bad: '1.2.3' });
    using _ = folder;
    const later = { now: () => now + 60 * 86_400_000 };
    expect(await run({ clock: later })).toMatchObject({
      code: 2,
      out: expect.stringContaining('stale-advisories'),
    });
  });

  it('writes JSON, Markdown and SARIF with the same verdict', async () => {
    const { folder, run } = await stage({ bad: '1.0.0' });
    using _ = folder;
    const json = JSON.parse((await run({ format: 'json' })).out);
    expect(json).toMatchObject({
      verdict: 'fail',
      context: { critical: 1 },
      findings: [{ advisory: 'GHSA-bad', blocking: true, path: ['top@1.0.0', 'bad@1.0.0'] }],
      remedies: [{ moveTo: '1.2.3' }],
    });
    const sarif = JSON.parse((await run({ format: 'sarif' })).out);
    expect(sarif.runs[0].results).toMatchObject([{ ruleId: 'GHSA-bad', level: 'error' }]);
    expect((await run({ format: 'markdown' })).out).toContain('| ❌ | bad 1.0.0 | GHSA-bad |');
  });

  it('writes JUnit, HTML and a vulnerability report that the official schema accepts', async () => {
    const { folder, run } = await stage({ bad: '1.0.0' });
    using _ = folder;
    const junit = (await run({ format: 'junit' })).out;
    expect(parseXml(junit, 'junit').attributes.get('failures')).toBe('2');
    const html = (await run({ format: 'html' })).out;
    expect(html).toContain('GHSA-bad');
    expect(html).not.toContain('<script');
    const vdr = await readBom((await run({ format: 'vdr' })).out);
    expect(vdr.vulnerabilities).toMatchObject([{ id: 'GHSA-bad', affects: [{ ref: 'pkg:npm/bad@1.0.0' }] }]);
  });

  it('tells what came in with the change from what was there before', async () => {
    const { folder, run, project } = await stage({ bad: '1.0.0' });
    using _ = folder;
    const before = join(folder.path, 'before');
    mkdirSync(before);
    writeFileSync(join(before, 'package-lock.json'), JSON.stringify(lock({})));
    expect((await run({ base: before })).out).toContain('came in with this change');
    expect((await run({ base: project })).out).toContain('was there before');
    expect((await run({ path: before, base: project })).out).toContain('resolved GHSA-bad in bad 1.0.0');
  });

  it('applies a waiver once two people have signed it', async () => {
    const { folder, run, project, database } = await stage({ bad: '1.0.0' });
    using _ = folder;
    const waivers = join(folder.path, 'waivers.yaml');
    const signers = join(folder.path, 'signers.yaml');
    const [lan, minh] = [person('Lan'), person('Minh')];
    writeFileSync(signers, JSON.stringify({ people: [lan.declared, minh.declared] }));
    const terms = { owner: 'Lan', reason: 'not reachable', expires: '2026-12-31', waivers };
    const waive = (more: Partial<WaiveCommand> = {}) => {
      const io = recordingIo();
      const command = { advisory: 'CVE-2026-1', path: project, database, clock, ...terms, ...more };
      return runWaive(command, io).then((code) => ({ code, ...io.text }));
    };
    const sign = ({ name, keyPem }: { name: string; keyPem: string }) =>
      runSign({ advisory: 'GHSA-bad', waivers, name, keyPem }, recordingIo());

    expect(await waive({ advisory: 'CVE-2026-2' })).toMatchObject({ code: 2 });
    expect(await waive({ expires: '2020-01-01' })).toMatchObject({ code: 2 });
    expect(existsSync(waivers)).toBe(false);
    expect(await waive()).toMatchObject({ code: 0, out: expect.stringContaining('pkg:npm/bad@1.0.0') });
    expect(await run({ waivers, signers })).toMatchObject({
      code: 1,
      out: expect.stringContaining('unsigned'),
    });
    expect(await sign(lan)).toBe(0);
    expect(await sign(lan)).toBe(0);
    expect(await run({ waivers, signers })).toMatchObject({
      code: 1,
      out: expect.stringContaining('only `Lan`'),
    });
    expect(await sign(minh)).toBe(0);
    expect(await run({ waivers, signers })).toMatchObject({
      code: 0,
      out: expect.stringContaining('signed by Lan and Minh'),
    });
    for (const format of ['markdown', 'html', 'json', 'sarif'] as const) {
      expect((await run({ waivers, signers, format })).code).toBe(0);
      expect((await run({ waivers, format })).code).toBe(1);
    }
    writeFileSync(waivers, readFileSync(waivers, 'utf8').replace('not reachable', 'whatever'));
    expect(await run({ waivers, signers })).toMatchObject({
      code: 1,
      out: expect.stringContaining('does not fit'),
    });
  });

  it('could not check with a file of waivers or signers that is wrong', async () => {
    const { folder, run } = await stage({ bad: '1.0.0' });
    using _ = folder;
    const waivers = join(folder.path, 'waivers.yaml');
    const signers = join(folder.path, 'signers.yaml');
    const wrong = { code: 2, err: expect.stringContaining('invalid-waivers') };
    writeFileSync(waivers, 'waivers: what?');
    expect(await run({ waivers })).toMatchObject(wrong);
    writeFileSync(waivers, 'waivers: []');
    const lan = person('Lan');
    for (const people of [
      [lan.declared, { name: 'Minh', key: lan.declared.key }],
      [lan.declared, person('LAN').declared],
      [{ name: 'Lan', key: lan.keyPem }],
    ]) {
      writeFileSync(signers, JSON.stringify({ people }));
      expect(await run({ waivers, signers })).toMatchObject(wrong);
    }
  });

  it('takes VEX statements into account, and stops at one about nothing', async () => {
    const { folder, run } = await stage({ bad: '1.0.0' });
    using _ = folder;
    const file = join(folder.path, 'vex.json');
    const vex = (product: string) =>
      JSON.stringify({
        '@context': 'https://openvex.dev/ns/v0.2.0',
        statements: [
          {
            vulnerability: { name: 'CVE-2026-1' },
            products: [{ '@id': product }],
            status: 'not_affected',
            justification: 'inline_mitigations_already_exist',
          },
        ],
      });
    writeFileSync(file, vex('pkg:npm/bad@1.0.0'));
    expect(await run({ vex: [file] })).toMatchObject({
      code: 0,
      out: expect.stringContaining('not_affected'),
    });
    writeFileSync(file, vex('pkg:npm/other@1.0.0'));
    expect(await run({ vex: [file] })).toMatchObject({ code: 1 });
    const fixed = await stage({ bad: '1.2.3' });
    using __ = fixed.folder;
    expect(await fixed.run({ vex: [file] })).toMatchObject({
      code: 2,
      out: expect.stringContaining('pkg:npm/other@1.0.0'),
    });
  });

  it('gates the SBOM that generate wrote as it gates the folder', async () => {
    const { folder, run, project } = await stage({ bad: '1.0.0' });
    using _ = folder;
    const output = join(folder.path, 'sbom.json');
    expect(await runGenerate({ path: project, output, clock }, recordingIo())).toBe(0);
    const fromFile = JSON.parse((await run({ path: output, format: 'json' })).out);
    const fromFolder = JSON.parse((await run({ format: 'json' })).out);
    expect(fromFile).toEqual(fromFolder);
  });
});

describe('kydai sbom why', () => {
  const ask = async (more: object, dependencies: Record<string, string> = { bad: '1.0.0' }) => {
    const { folder, project, database } = await stage(dependencies);
    using _ = folder;
    const io = recordingIo();
    const code = await runWhy({ path: project, database, clock, ...more }, io);
    return { code, ...io.text };
  };

  it('gives the ground of a finding: the record, the range, the way in', async () => {
    const { code, out } = await ask({ advisory: 'CVE-2026-1' });
    expect(code).toBe(0);
    for (const part of ['affected', 'bad@1.0.0', 'GHSA-bad', '>=0 <1.2.3 (semver', 'top@1.0.0 > bad@1.0.0']) {
      expect(out).toContain(part);
    }
  });

  it('gives the ground of there being none', async () => {
    expect((await ask({ component: 'bad' }, { bad: '1.2.3' })).out).toContain('introduced 0, fixed 1.2.3');
    expect((await ask({ advisory: 'GHSA-bad' }, { good: '1.0.0' })).out).toContain(
      'no component here is a package',
    );
  });

  it('could not answer about what nobody knows', async () => {
    expect(await ask({ advisory: 'CVE-0' })).toMatchObject({
      code: 2,
      out: expect.stringContaining('does not know'),
    });
    expect(await ask({})).toMatchObject({ code: 2, err: expect.stringContaining('usage') });
  });
});

describe('kydai sbom generate', () => {
  it('prints the document alone, and what it could not read to the side', async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, 'package-lock.json'), JSON.stringify(lock({})));
    mkdirSync(join(folder.path, 'other'));
    writeFileSync(join(folder.path, 'other/package.json'), '{}');
    const io = recordingIo();
    // The lockfile above covers the manifest below it, as in a workspace.
    expect(await runGenerate({ path: folder.path, clock }, io)).toBe(0);
    expect(JSON.parse(io.text.out).bomFormat).toBe('CycloneDX');
    expect(io.text.err).toContain('1 component from package-lock.json');
  });

  it('could not check an empty folder or a broken lockfile', async () => {
    using folder = temporaryFolder();
    expect(await runGenerate({ path: folder.path, clock }, recordingIo())).toBe(2);
    writeFileSync(join(folder.path, 'package-lock.json'), '{');
    expect(await runGenerate({ path: folder.path, clock }, recordingIo())).toBe(2);
    expect(await runGenerate({ path: join(folder.path, 'absent'), clock }, recordingIo())).toBe(2);
  });
});

describe('kydai sbom db import', () => {
  it('says what came in', async () => {
    const { folder, importIo } = await stage({});
    using _ = folder;
    expect(importIo.text.out).toContain('1 advisory on 1 package');
  });

  it('refuses nothing at all', async () => {
    using folder = temporaryFolder();
    const io = recordingIo();
    expect(await runImport({ inputs: [], output: join(folder.path, 'x.db'), clock }, io)).toBe(2);
    expect(io.text.err).toContain('usage');
  });
});
