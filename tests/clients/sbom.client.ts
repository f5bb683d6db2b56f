import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, type Program } from '../program.ts';
import type { Checks } from './checks.ts';

const advisories = join(import.meta.dirname, '../../../shared/corpora/advisories');

/** A pipeline's view of the gate: SBOM, verdict, exit code; and a database that cannot be trusted never passes. */
export async function run(program: Program, checks: Checks): Promise<void> {
  const { folder } = program;
  const project = (name: string, packages: Record<string, string>) => {
    const at = join(folder, name);
    mkdirSync(at);
    const dependencies = Object.fromEntries(Object.entries(packages));
    const locked = Object.entries(packages).map(([each, version]) => [
      `node_modules/${each}`,
      {
        version,
        resolved: `https://registry.example/${each}-${version}.tgz`,
        integrity: 'sha512-AAAA',
        license: 'MIT',
      },
    ]);
    const root = { name, version: '1.0.0', dependencies };
    writeFileSync(join(at, 'package.json'), JSON.stringify(root));
    const lock = {
      name,
      version: '1.0.0',
      lockfileVersion: 3,
      packages: { '': root, ...Object.fromEntries(locked) },
    };
    writeFileSync(join(at, 'package-lock.json'), JSON.stringify(lock));
    return at;
  };
  const clean = project('clean', { zod: '4.6.7' });
  const vulnerable = project('vulnerable', { lodash: '4.17.4', zod: '4.6.7' });

  const missing = await program.cli('sbom', 'gate', clean);
  checks.equal('without a database the gate could not check', missing.code, 2);
  checks.matches('and says what to do', missing.stderr, /kydai sbom db import/);
  if (!existsSync(advisories)) return;

  const inputs = [
    'osv-npm-sample.tar.gz',
    'osv-go.tar.gz',
    'osv-crates.tar.gz',
    'osv-pypi-yaml.tar.gz',
    'osv-maven-sample.json.gz',
    'kev.json.gz',
  ];
  const imported = await program.cli('sbom', 'db', 'import', ...inputs.map((name) => join(advisories, name)));
  checks.equal('the advisories import', imported.code, 0);
  checks.matches('thousands of them, by ecosystem', imported.stdout, /9,\d{3} advisories[\s\S]*Go 4,\d{3}/);

  const pass = await program.cli('sbom', 'gate', clean);
  checks.equal('a clean lockfile passes', pass.code, 0);
  const fail = await program.cli('sbom', 'gate', vulnerable);
  checks.equal('a lockfile with a known-vulnerable package fails', fail.code, 1);
  checks.matches(
    'the verdict names the package and the version to move to',
    fail.stdout,
    /lodash[\s\S]*4\.17\.\d+/,
  );
  for (const format of ['json', 'sarif', 'markdown']) {
    const report = await program.cli('sbom', 'gate', vulnerable, '--format', format);
    checks.equal(`${format}: the same verdict`, report.code, 1);
    if (format !== 'markdown') checks.ok(`${format}: is JSON`, JSON.parse(report.stdout) !== null);
  }

  const bomFile = join(folder, 'bom.json');
  const generated = await program.cli('sbom', 'generate', vulnerable, '-o', bomFile);
  checks.equal('an SBOM is written', generated.code, 0);
  const bom = JSON.parse(readFileSync(bomFile, 'utf8')) as { specVersion: string; components: unknown[] };
  checks.equal('in CycloneDX 1.6', bom.specVersion, '1.6');
  checks.equal('with both components', bom.components.length, 2);
  checks.equal('the gate says the same of the SBOM', (await program.cli('sbom', 'gate', bomFile)).code, 1);
  const pushed = await program.cli('sbom', 'push', 'citizen-app', bomFile, '--owner', 'Sở TTTT');
  checks.matches(
    'the running program keeps it and judges it',
    pushed.stdout,
    /vulnerable 1\.0\.0: 2 components, fail/,
  );

  const whyNot = await program.cli('sbom', 'why-not', 'zod', '--in', vulnerable);
  checks.equal('and that there is none', whyNot.code, 0);

  const spdx = join(folder, 'bom.spdx.json');
  const asSpdx = await program.cli('sbom', 'generate', vulnerable, '--format', 'spdx', '-o', spdx);
  checks.equal('an SPDX document is written', asSpdx.code, 0);
  checks.equal('the gate says the same of it', (await program.cli('sbom', 'gate', spdx)).code, 1);
  checks.matches(
    'the running program keeps it too',
    (await program.cli('sbom', 'push', 'citizen-spdx', spdx)).stdout,
    /2 components, fail/,
  );

  const compared = await program.cli('sbom', 'gate', vulnerable, '--base', clean);
  checks.matches('what came in with the change is told', compared.stdout, /came in with this change/);
  const again = await program.cli('sbom', 'gate', vulnerable, '--base', vulnerable);
  checks.matches('from what was there before', again.stdout, /was there before/);

  const vex = (purl: string, advisories: readonly string[]) =>
    JSON.stringify({
      '@context': 'https://openvex.dev/ns/v0.2.0',
      author: 'Sở TTTT',
      statements: advisories.map((name) => ({
        vulnerability: { name },
        products: [{ '@id': purl }],
        status: 'not_affected',
        justification: 'vulnerable_code_not_in_execute_path',
      })),
    });
  const report = await program.cli('sbom', 'gate', vulnerable, '--format', 'json');
  const found = (
    JSON.parse(report.stdout) as {
      findings: { advisory: string; aliases: string[] }[];
    }
  ).findings;
  const why = await program.cli('sbom', 'why', 'lodash', found[0]!.advisory, '--in', vulnerable);
  checks.equal('a finding can be explained', why.code, 0);
  checks.matches(
    'with its range and the database',
    why.stdout,
    /affected[\s\S]*lodash@4\.17\.4[\s\S]*fixed in 4\.17\.\d+/,
  );
  const vexFile = join(folder, 'vex.json');
  writeFileSync(
    vexFile,
    vex(
      'pkg:npm/lodash@4.17.4',
      found.map((each) => each.advisory),
    ),
  );
  const excused = await program.cli('sbom', 'gate', vulnerable, '--vex', vexFile);
  checks.equal('VEX statements take findings away', excused.code, 0);
  writeFileSync(vexFile, vex('pkg:npm/lodash@9.9.9', ['CVE-2019-10744']));
  const stray = await program.cli('sbom', 'gate', clean, '--vex', vexFile);
  checks.equal('a statement about nothing that is there is an error', stray.code, 2);

  await program.cli('pki', 'token', 'cam-009', '--kind', 'camera', '--zone', 'district-1', '--quiet');
  const firmware = await program.cli('sbom', 'push', 'cam-009', bomFile, '--owner', 'Sở GTVT');
  checks.equal('firmware is kept by the id of its device', firmware.code, 0);

  const cve = found.flatMap(({ aliases }) => aliases).find((alias) => alias.startsWith('CVE-'))!;
  const listed = join(folder, 'listed.json');
  writeFileSync(listed, JSON.stringify({ catalogVersion: '1', vulnerabilities: [{ cveID: cve }] }));
  const files = inputs.map((name) => join(advisories, name));
  await program.cli('sbom', 'db', 'import', ...files, listed);
  const incidents = await eventually(async () => {
    const { stdout } = await program.cli('incidents', '--json');
    return /(Exploited hole|khai thác)/.test(stdout) ? stdout : undefined;
  }, 30_000).catch(() => '');
  checks.ok('a new listing of a hole in a deployed system becomes an incident by itself', incidents !== '');
  const told = await program.cli('search', 'event.dataset:sbom.finding vulnerability.known_exploited:true');
  checks.matches('with an event for each system', told.stdout, /lodash 4\.17\.4/);

  const operator = JSON.parse(readFileSync(join(folder, 'data/operator.json'), 'utf8')) as { key: string };
  const deviceRisk = async () => {
    const headers = { authorization: `Bearer ${operator.key}` };
    const answer = await fetch(`${program.addresses.http}/api/v1/devices/cam-009`, { headers });
    return ((await answer.json()) as { device: { risk: number; zone: string } }).device.risk;
  };
  const dropped = await eventually(async () => (await deviceRisk()) >= 90, 30_000).catch(() => false);
  checks.ok('the posture of the device drops', dropped);

  const database = join(folder, 'data/advisories.kydb');
  truncateSync(database, 5000);
  checks.equal(
    'a database that was cut off never passes',
    (await program.cli('sbom', 'gate', clean)).code,
    2,
  );
  writeFileSync(database, '');
  checks.equal('nor does an empty one', (await program.cli('sbom', 'gate', clean)).code, 2);
  writeFileSync(
    join(folder, 'broken.json'),
    '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [',
  );
  checks.equal('nor a broken SBOM', (await program.cli('sbom', 'gate', join(folder, 'broken.json'))).code, 2);
}
