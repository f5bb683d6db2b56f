import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bom, createInventory, importAdvisories, openAdvisories } from '@kydai/sbom';

type Emit = (figure: { name: string; value: number; unit: string }) => void;

const systemCount = 10_000;
const componentCount = 500;
const packageCount = 50_000;
const advisoryCount = 20_000;

/**
 * 10,000 systems of 500 components: from the moment a database with one more advisory is there to the list of systems
 * that must be alerted. The advisory is about a package that one system in a hundred holds.
 */
export async function run(emit: Emit): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kydai-bench-watch-'));
  try {
    const inventory = createInventory();
    const started = performance.now();
    for (let system = 0; system < systemCount; system += 1) inventory.put(`system-${system}`, bomOf(system));
    emit({ name: 'sbom.watch.index', value: (performance.now() - started) / 1000, unit: 's' });
    emit({ name: 'sbom.watch.memory', value: process.memoryUsage().heapUsed / 1e6, unit: 'MB' });

    const known = Array.from({ length: advisoryCount }, (_, i) => advisory(`A-${i}`, `package-${i * 2}`));
    const before = await database(folder, 'before', known);
    const after = await database(folder, 'after', [...known, advisory('NEW-1', 'package-77')]);
    const baseline = performance.now();
    await inventory.compare(before);
    emit({ name: 'sbom.watch.baseline', value: (performance.now() - baseline) / 1000, unit: 's' });
    const came = performance.now();
    const touched = await inventory.compare(after);
    emit({ name: 'sbom.watch.alert', value: performance.now() - came, unit: 'ms' });
    emit({ name: 'sbom.watch.touched', value: touched.systems.size, unit: 'systems' });
    before.close();
    after.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function bomOf(system: number): Bom {
  const components = Array.from({ length: componentCount }, (_, i) => {
    const name = `package-${(system * 7 + i * 101) % packageCount}`;
    return { type: 'library', name, purl: `pkg:npm/${name}@1.${system % 3}.0` };
  });
  return { bomFormat: 'CycloneDX', specVersion: '1.6', components };
}

function advisory(id: string, name: string): object {
  return {
    id,
    modified: '2026-11-21T00:00:00Z',
    affected: [
      {
        package: { ecosystem: 'npm', name },
        ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.2.0' }] }],
      },
    ],
  };
}

async function database(folder: string, name: string, records: readonly object[]) {
  const input = join(folder, `${name}.json`);
  writeFileSync(input, JSON.stringify(records));
  const output = join(folder, `${name}.kydb`);
  await importAdvisories({ inputs: [input], output });
  return openAdvisories(output);
}
