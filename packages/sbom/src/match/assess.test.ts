import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importAdvisories } from '../database/import.ts';
import { type AdvisoryDatabase, openAdvisories } from '../database/open.ts';
import type { Bom } from '../model/bom.ts';
import { osv, temporaryFolder, vectors } from '../testing.ts';
import { type Assessment, assess } from './assess.ts';

async function withDatabase<T>(
  records: readonly unknown[],
  use: (database: AdvisoryDatabase) => T,
): Promise<T> {
  using folder = temporaryFolder();
  const input = join(folder.path, 'l.json');
  writeFileSync(input, JSON.stringify(records));
  await importAdvisories({ inputs: [input], output: join(folder.path, 'x.db') });
  const database = openAdvisories(join(folder.path, 'x.db'));
  try {
    return use(database);
  } finally {
    database.close();
  }
}

function bomOf(...purls: string[]): Bom {
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    metadata: { component: { type: 'application', name: 'app', 'bom-ref': 'app' } },
    components: purls.map((purl) => ({ type: 'library', name: purl, purl, 'bom-ref': purl })),
  };
}

const assessed = (records: readonly unknown[], ...purls: string[]): Promise<Assessment> =>
  withDatabase(records, (database) => assess(bomOf(...purls), database, { system: 'app' }));

const affects = async (version: string, record: Record<string, unknown>, type = 'npm') =>
  (await assessed([record], `pkg:${type}/p@${version}`)).findings.length > 0;

describe('a version', () => {
  const twoRanges = osv('A', 'p', [
    { introduced: '1.0.0' },
    { fixed: '1.2.0' },
    { introduced: '2.0.0' },
    { last_affected: '2.3.0' },
  ]);

  it.each([
    ['0.9.0', false],
    ['1.0.0-rc.1', false],
    ['1.0.0', true],
    ['1.1.9', true],
    ['1.2.0', false],
    ['1.9.9', false],
    ['2.0.0', true],
    ['2.3.0', true],
    ['2.3.1', false],
  ])('%s is affected: %s', async (version, expected) => {
    expect(await affects(version, twoRanges)).toBe(expected);
  });

  it('is judged the same whatever the order of the events', async () => {
    const shuffled = osv('A', 'p', [
      { last_affected: '2.3.0' },
      { introduced: '2.0.0' },
      { fixed: '1.2.0' },
      { introduced: '1.0.0' },
    ]);
    expect(await affects('1.1.0', shuffled)).toBe(true);
    expect(await affects('1.5.0', shuffled)).toBe(false);
    expect(await affects('2.2.0', shuffled)).toBe(true);
  });

  it('is affected when it is listed, also under another spelling', async () => {
    const listed = osv('A', 'p', [], { ecosystem: 'PyPI', versions: ['1.0', '2.0rc1'] });
    expect(await affects('1.0', listed, 'pypi')).toBe(true);
    expect(await affects('1.0.0', listed, 'pypi')).toBe(true);
    expect(await affects('2.0.0-rc.1', listed, 'pypi')).toBe(true);
    expect(await affects('2.0', listed, 'pypi')).toBe(false);
  });

  it('without an end of the range is affected for good', async () => {
    expect(await affects('99.0.0', osv('A', 'p', [{ introduced: '0' }]))).toBe(true);
  });

  it('before the limit alone can be affected', async () => {
    const limited = osv('A', 'p', [{ introduced: '0' }, { limit: '2.0.0' }]);
    expect(await affects('1.0.0', limited)).toBe(true);
    expect(await affects('2.0.0', limited)).toBe(false);
  });

  it('is compared as its own ecosystem does', async () => {
    const maven = osv('A', 'g:p', [{ introduced: '0' }, { fixed: '1.0' }], { ecosystem: 'Maven' });
    const result = await assessed([maven], 'pkg:maven/g/p@1.0-SNAPSHOT', 'pkg:maven/g/p@1.0');
    expect(result.findings.map((finding) => finding.component.version)).toEqual(['1.0-SNAPSHOT']);
    expect(result.findings[0]?.proof).toMatchObject({ record: 'A', range: '>=0 <1.0', comparator: 'maven' });
  });

  it('of a distribution is looked up in its release alone', async () => {
    const debian = osv('DSA-1', 'curl', [{ introduced: '0' }, { fixed: '7.88.1-10+deb12u5' }], {
      ecosystem: 'Debian:12',
    });
    const purl = (distro: string) => `pkg:deb/debian/libcurl4@7.88.1-10?distro=${distro}&upstream=curl`;
    expect((await assessed([debian], purl('debian-12'))).findings).toHaveLength(1);
    expect((await assessed([debian], purl('debian-11'))).findings).toHaveLength(0);
    const without = await assessed([debian], 'pkg:deb/debian/curl@7.88.1-10');
    expect(without.notAssessed.map((spot) => spot.reason)).toEqual(['no-release']);
  });
});

describe('findings', () => {
  it('under several names are one, with the worst severity of them', async () => {
    const records = [
      osv('GO-1', 'p', [{ introduced: '0' }, { fixed: '2.0.0' }], { aliases: ['CVE-1'] }),
      osv('GHSA-1', 'p', [{ introduced: '0' }, { fixed: '2.1.0' }], {
        aliases: ['CVE-1'],
        severity: [{ type: 'CVSS_V3', score: vectors.critical }],
      }),
      osv('OTHER-1', 'p', [{ introduced: '0' }, { fixed: '2.0.0' }], { aliases: ['GO-1'] }),
      osv('GHSA-2', 'p', [{ introduced: '0' }]),
    ];
    const { findings, remedies } = await assessed(records, 'pkg:npm/p@1.0.0');
    expect(findings.map((finding) => [finding.advisory, finding.aliases, finding.severity])).toEqual([
      ['GHSA-1', ['CVE-1', 'GO-1', 'OTHER-1'], 'critical'],
      ['GHSA-2', [], 'unknown'],
    ]);
    // 2.0.0 clears one record and not the other.
    expect(findings[0]?.fixedVersions).toEqual(['2.1.0']);
    expect(remedies).toEqual({ 'pkg:npm/p@1.0.0': null });
  });

  it('name the lowest version that clears all of them', async () => {
    const records = [
      osv('A', 'p', [{ introduced: '0' }, { fixed: '1.1.0' }, { introduced: '2.0.0' }, { fixed: '2.2.0' }]),
      osv('B', 'p', [{ introduced: '0' }, { fixed: '2.0.1' }]),
    ];
    const { remedies } = await assessed(records, 'pkg:npm/p@1.0.0');
    expect(remedies['pkg:npm/p@1.0.0']).toBe('2.2.0');
  });

  it('are the same on every run, the worst first', async () => {
    const records = ['c', 'a', 'b'].map((name, i) =>
      osv(
        `X-${i}`,
        name,
        [{ introduced: '0' }],
        i === 2 ? { severity: [{ type: 'CVSS_V3', score: vectors.critical }] } : {},
      ),
    );
    const purls = ['pkg:npm/c@1.0.0', 'pkg:npm/b@1.0.0', 'pkg:npm/a@1.0.0'];
    const once = await assessed(records, ...purls);
    const again = await assessed(records.toReversed(), ...purls.toReversed());
    expect(once.findings.map((finding) => finding.advisory)).toEqual(['X-2', 'X-1', 'X-0']);
    expect(again.findings.map((finding) => finding.advisory)).toEqual(['X-2', 'X-1', 'X-0']);
  });
});

describe('blind spots', () => {
  it('are listed with their reasons and counted as not assessed', async () => {
    const bom: Bom = {
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      components: [
        { type: 'library', name: 'bare', version: '1' },
        { type: 'library', name: 'broken', purl: 'pkg:' },
        { type: 'library', name: 'unpinned', purl: 'pkg:npm/unpinned' },
        { type: 'library', name: 'odd', purl: 'pkg:npm/odd@latest' },
        { type: 'library', name: 'other', purl: 'pkg:generic/other@1' },
        { type: 'library', name: 'ruby', purl: 'pkg:gem/ruby@1' },
        { type: 'library', name: 'commits', purl: 'pkg:npm/commits@1.0.0' },
        { type: 'application', name: 'own', properties: [{ name: 'kydai:first-party', value: 'true' }] },
      ],
    };
    const git = {
      ...osv('G-1', 'commits', []),
      affected: [
        {
          package: { ecosystem: 'npm', name: 'commits' },
          ranges: [{ type: 'GIT', events: [{ introduced: 'abc' }] }],
        },
      ],
    };
    const result = await withDatabase([git], (database) => assess(bom, database, { system: 's' }));
    expect(Object.fromEntries(result.notAssessed.map((spot) => [spot.component.name, spot.reason]))).toEqual({
      bare: 'no-purl',
      broken: 'invalid-purl',
      unpinned: 'no-version',
      odd: 'version-not-comparable',
      other: 'unknown-ecosystem',
      ruby: 'no-advisories',
      commits: 'commits-only',
    });
    expect(result).toMatchObject({ components: 7, assessed: 1, findings: [] });
  });

  it('do not come from saying the same thing twice', async () => {
    const result = await assessed(
      [osv('A', 'p', [{ introduced: '0' }])],
      'pkg:npm/p@1.0.0',
      'pkg:npm/p@1.0.0',
    );
    expect(result).toMatchObject({ components: 1 });
    expect(result.findings).toHaveLength(1);
  });
});
