import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importAdvisories } from '@kydai/sbom';

type Emit = (figure: { name: string; value: number; unit: string }) => void;

const recordCount = 500_000;
const componentCount = 10_000;
const root = join(import.meta.dirname, '../..');
const corpora = join(root, '../shared/corpora/advisories');

/** The whole process that a pipeline starts: open and check the database, read the SBOM, look up, decide, print. */
const program = `
import { runGate } from '@kydai/sbom';
const [path, database] = process.argv.slice(1);
const decide = () => ({ allowed: true, outcome: 'permitted', determining: [], failures: [], policySet: '' });
let text = '';
const io = { out: (part) => { text += part; }, err: (part) => process.stderr.write(part) };
process.exitCode = await runGate({ path, database, decide, principal: { type: 'User', id: 'bench' }, clock: Date }, io);
console.log(JSON.stringify({ peak: process.resourceUsage().maxRSS / 1024, characters: text.length }));
`;

/** A scan of 10,000 components against the advisories at hand and against half a million, and the import of those. */
export async function run(emit: Emit): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kydai-bench-sbom-'));
  try {
    const sbom = join(folder, 'sbom.json');
    writeFileSync(sbom, JSON.stringify(syntheticBom()));
    const large = join(folder, 'large.db');
    const records = join(folder, 'records');
    writeRecords(records);
    const started = performance.now();
    const summary = await importAdvisories({ inputs: [records], output: large });
    emit({ name: 'sbom.db.build', value: (performance.now() - started) / 1000, unit: 's' });
    emit({ name: 'sbom.db.size', value: summary.bytes / 1e6, unit: 'MB' });
    const scan = measure(sbom, large);
    emit({ name: 'sbom.scan.10k', value: scan.milliseconds, unit: 'ms' });
    emit({ name: 'sbom.scan.memory', value: scan.megabytes, unit: 'MB' });
    if (!existsSync(corpora)) return;
    const real = join(folder, 'real.db');
    const inputs = readdirSync(corpora).map((name) => join(corpora, name));
    await importAdvisories({ inputs, output: real });
    emit({ name: 'sbom.scan.10k.corpora', value: measure(sbom, real).milliseconds, unit: 'ms' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The median time of five cold starts, and the largest peak of resident memory. */
function measure(sbom: string, database: string): { milliseconds: number; megabytes: number } {
  const times: number[] = [];
  let megabytes = 0;
  for (let i = 0; i < 5; i += 1) {
    const started = performance.now();
    const out = execFileSync(
      process.execPath,
      ['--input-type=module', '--eval', program, '--', sbom, database],
      { cwd: join(root, 'tests'), encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
    );
    times.push(performance.now() - started);
    megabytes = Math.max(megabytes, (JSON.parse(out) as { peak: number }).peak);
  }
  return { milliseconds: times.toSorted((a, b) => a - b)[2]!, megabytes };
}

const ecosystems = [
  ['npm', 'npm'],
  ['PyPI', 'pypi'],
  ['crates.io', 'cargo'],
  ['RubyGems', 'gem'],
  ['NuGet', 'nuget'],
] as const;

function syntheticBom(): object {
  const components = Array.from({ length: componentCount }, (_, i) => {
    const [, type] = ecosystems[i % ecosystems.length]!;
    // Every second one has advisories; one in twenty is affected by one.
    const name = `package-${i * (i % 2 === 0 ? 1 : 1000)}`;
    const version = i % 40 === 0 ? '1.4.2' : '9.0.0';
    const purl = `pkg:${type}/${name}@${version}`;
    return { type: 'library', 'bom-ref': purl, name, version, purl };
  });
  const dependencies = components.map((component, i) => ({
    ref: component['bom-ref'],
    dependsOn: [1, 2, 3].flatMap((step) => components[i * 2 + step]?.['bom-ref'] ?? []),
  }));
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'application', 'bom-ref': 'subject', name: 'bench' } },
    components,
    dependencies: [{ ref: 'subject', dependsOn: [components[0]!['bom-ref']] }, ...dependencies],
  };
}

function writeRecords(folder: string): void {
  mkdirSync(folder);
  const perFile = 5000;
  for (let start = 0; start < recordCount; start += perFile) {
    const records = Array.from({ length: perFile }, (_, k) => syntheticRecord(start + k));
    writeFileSync(join(folder, `${start}.json`), JSON.stringify(records));
  }
}

function syntheticRecord(i: number): object {
  const [ecosystem, type] = ecosystems[i % ecosystems.length]!;
  const name = `package-${i % 200_000}`;
  const year = 2015 + (i % 11);
  return {
    schema_version: '1.6.0',
    id: `GHSA-bench-${i}`,
    aliases: [`CVE-${year}-${10_000 + i}`],
    modified: `${year}-0${1 + (i % 9)}-11T08:00:00Z`,
    published: `${year}-01-10T08:00:00Z`,
    summary: `Synthetic weakness number ${i} in ${name}, reachable from the network`,
    details: `A longer account of weakness ${i}. `.repeat(10),
    severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N' }],
    affected: [
      {
        package: { ecosystem, name, purl: `pkg:${type}/${name}` },
        ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '1.0.0' }, { fixed: `1.${5 + (i % 7)}.0` }] }],
        versions: ['1.0.0', '1.1.0', '1.2.0', '1.3.0', '1.4.0'],
      },
    ],
    references: [{ type: 'ADVISORY', url: `https://advisories.example/${i}` }],
  };
}
