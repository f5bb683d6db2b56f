import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importAdvisories } from '@kydai/sbom';

type Emit = (figure: { name: string; value: number; unit: string }) => void;

const recordCount = 500_000;
const componentCount = 10_000;
const root = join(import.meta.dirname, '../..');
const corpora = join(root, '../shared/corpora/advisories');

/** The whole process that a pipeline starts: policies, database, SBOM, look-ups, decision, report. */
const program = join(root, 'packages/kydai/src/main.ts');

/** Has the process say on its way out how much memory it held at most, in MB. */
const tellPeak = `data:text/javascript,${encodeURIComponent(
  "import { writeFileSync } from 'node:fs';" +
    "process.on('exit', () => writeFileSync(process.env.PEAK, String(process.resourceUsage().maxRSS / 1024)));",
)}`;

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
    emit({ name: 'sbom.db.memory', value: process.resourceUsage().maxRSS / 1024, unit: 'MB' });
    const first = measure(folder, sbom, large, { NODE_DISABLE_COMPILE_CACHE: '1' });
    emit({ name: 'sbom.scan.10k.uncompiled', value: first.milliseconds, unit: 'ms' });
    const scan = measure(folder, sbom, large);
    emit({ name: 'sbom.scan.10k', value: scan.milliseconds, unit: 'ms' });
    emit({ name: 'sbom.scan.memory', value: scan.megabytes, unit: 'MB' });
    if (!existsSync(corpora)) return;
    const real = join(folder, 'real.db');
    const inputs = readdirSync(corpora).map((name) => join(corpora, name));
    await importAdvisories({ inputs, output: real });
    emit({ name: 'sbom.scan.10k.corpora', value: measure(folder, sbom, real).milliseconds, unit: 'ms' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The median time of five cold starts and the largest peak of resident memory. Node keeps what
 * it compiled from the first of them; `uncompiled` does not.
 */
function measure(
  folder: string,
  sbom: string,
  database: string,
  environment: Record<string, string> = {},
): { milliseconds: number; megabytes: number } {
  const peak = join(folder, 'peak');
  const times: number[] = [];
  let megabytes = 0;
  for (let i = 0; i < 5; i += 1) {
    const started = performance.now();
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', tellPeak, program, 'sbom', 'gate', sbom, '--db', database, '-o', join(folder, 'report')],
      {
        cwd: folder,
        encoding: 'utf8',
        env: {
          ...process.env,
          NODE_COMPILE_CACHE: join(folder, 'compiled'),
          PEAK: peak,
          ...environment,
        },
      },
    );
    times.push(performance.now() - started);
    if (status === 2) throw new Error(`the gate could not check: ${stderr}`);
    megabytes = Math.max(megabytes, Number(readFileSync(peak, 'utf8')));
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
