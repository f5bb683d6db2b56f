import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importAdvisories } from '../database/import.ts';
import { type AdvisoryDatabase, openAdvisories } from '../database/open.ts';
import type { Bom } from '../model/bom.ts';
import { osv, temporaryFolder } from '../testing.ts';
import { createInventory } from './inventory.ts';

const from0 = [{ introduced: '0' }, { fixed: '2.0.0' }];

function bomOf(...purls: string[]): Bom {
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    components: purls.map((purl) => ({ type: 'library', name: purl, purl })),
  };
}

/** Databases that are open while the test runs. */
async function databases<T>(
  lists: readonly (readonly unknown[])[],
  use: (...open: AdvisoryDatabase[]) => Promise<T>,
): Promise<T> {
  using folder = temporaryFolder();
  const open: AdvisoryDatabase[] = [];
  for (const [i, list] of lists.entries()) {
    const inputs = list.map((each, k) => {
      const path = join(folder.path, `${i}-${k}.json`);
      writeFileSync(path, JSON.stringify(each));
      return path;
    });
    const output = join(folder.path, `${i}.db`);
    await importAdvisories({ inputs, output });
    open.push(openAdvisories(output));
  }
  try {
    return await use(...open);
  } finally {
    for (const each of open) each.close();
  }
}

const kev = (...ids: string[]) => ({ catalogVersion: '1', vulnerabilities: ids.map((cveID) => ({ cveID })) });
const other = osv('X-1', 'elsewhere', from0);

describe('the inventory', () => {
  it('finds the systems that a new advisory touches, and only those', async () => {
    await databases([[other], [other, osv('A-1', 'p', from0)]], async (before, after) => {
      const inventory = createInventory();
      inventory.put('portal', bomOf('pkg:npm/p@1.0.0', 'pkg:npm/q@1.0.0'));
      inventory.put('camera', bomOf('pkg:npm/p@2.0.0'));
      inventory.put('siren', bomOf('pkg:npm/q@1.0.0'));
      expect(await inventory.compare(before)).toMatchObject({ findings: [] });
      const touched = await inventory.compare(after);
      expect(touched.packages).toBe(1);
      expect([...touched.systems]).toEqual(['portal', 'camera']);
      expect(touched.findings).toMatchObject([
        { finding: { advisory: 'A-1', component: { version: '1.0.0' } }, systems: ['portal'] },
      ]);
      expect(inventory.holding('npm', 'q')).toEqual(['portal', 'siren']);
    });
  });

  it('says nothing where nothing changed, and nothing twice', async () => {
    const record = osv('A-1', 'p', from0);
    await databases([[other], [other, record], [record, other]], async (before, after, same) => {
      const inventory = createInventory();
      inventory.put('portal', bomOf('pkg:npm/p@1.0.0'));
      await inventory.compare(before);
      expect((await inventory.compare(after)).findings).toHaveLength(1);
      expect(await inventory.compare(same)).toMatchObject({ packages: 0, findings: [] });
    });
  });

  it('tells when a known hole comes to be exploited, and not when a record gets another name', async () => {
    const record = osv('A-1', 'p', from0, { aliases: ['CVE-2026-1'] });
    const renamed = osv('GHSA-1', 'p', from0, { aliases: ['CVE-2026-1'] });
    await databases(
      [[record], [record, kev('CVE-2026-1')], [renamed, kev('CVE-2026-1')]],
      async (before, exploited, again) => {
        const inventory = createInventory();
        inventory.put('portal', bomOf('pkg:npm/p@1.0.0'));
        await inventory.compare(before);
        const { findings } = await inventory.compare(exploited);
        expect(findings).toMatchObject([{ finding: { knownExploited: true }, systems: ['portal'] }]);
        expect((await inventory.compare(again)).findings).toEqual([]);
      },
    );
  });

  it('knows what a system that came later is affected by already', async () => {
    const record = osv('A-1', 'p', from0);
    await databases([[record], [record, osv('A-2', 'p', from0)]], async (before, after) => {
      const inventory = createInventory();
      await inventory.compare(before);
      inventory.put('portal', bomOf('pkg:npm/p@1.0.0'));
      const { findings } = await inventory.compare(after);
      expect(findings.map(({ finding }) => finding.advisory)).toEqual(['A-2']);
    });
  });

  it('forgets what was replaced or removed, and passes over what cannot be looked up', async () => {
    const inventory = createInventory();
    inventory.put(
      'a',
      bomOf('pkg:npm/p@1.0.0', 'pkg:npm/p@latest', 'pkg:generic/x@1', 'nonsense', 'pkg:npm/p@1.0.0'),
    );
    expect(inventory).toMatchObject({ systems: 1, packages: 1, versions: 1 });
    inventory.put('a', bomOf('pkg:npm/q@1.0.0'));
    expect(inventory.holding('npm', 'p')).toEqual([]);
    inventory.put('b', bomOf('pkg:npm/q@1.0.0'));
    inventory.remove('a');
    inventory.remove('nobody');
    expect(inventory.holding('npm', 'q')).toEqual(['b']);
    inventory.remove('b');
    expect(inventory).toMatchObject({ systems: 0, packages: 0, versions: 0 });
  });
});
