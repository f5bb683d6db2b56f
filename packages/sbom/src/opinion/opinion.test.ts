import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runOpinion } from '../commands/opinion.ts';
import { importAdvisories } from '../database/import.ts';
import { osv, recordingIo, temporaryFolder } from '../testing.ts';
import { readOpinions } from './read.ts';

const range = [{ introduced: '0' }, { fixed: '2.0.0' }];

async function compared(report: unknown) {
  using folder = temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  const records = [
    osv('GHSA-both', 'bad', range, { aliases: ['CVE-2026-1'] }),
    osv('GHSA-ours', 'bad', range),
    osv('GHSA-fixed', 'good', range),
  ];
  writeFileSync(at('records.json'), JSON.stringify(records));
  await importAdvisories({ inputs: [at('records.json')], output: at('a.db') });
  const purls = ['pkg:npm/bad@1.0.0', 'pkg:npm/good@2.0.0', 'pkg:generic/odd@1.0.0'];
  const components = purls.map((purl) => ({
    type: 'library',
    name: /\/(.*)@/.exec(purl)![1],
    version: /@(.*)/.exec(purl)![1],
    purl,
  }));
  writeFileSync(at('sbom.json'), JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6', components }));
  writeFileSync(at('report.json'), JSON.stringify(report));
  const io = recordingIo();
  const command = { path: at('sbom.json'), database: at('a.db'), reports: [at('report.json')], clock: Date };
  const code = await runOpinion({ ...command, format: 'json' }, io);
  const list = code === 2 ? [] : (JSON.parse(io.text.out) as { standing: string; advisory: string }[]);
  return { code, standings: list.map((each) => `${each.advisory} ${each.standing}`).toSorted() };
}

const match = (id: string, name: string, version: string) => ({
  vulnerability: { id },
  artifact: { name, version, purl: `pkg:npm/${name}@${version}` },
});

describe('a second opinion', () => {
  it('of Grype is compared by every name of an advisory, and each disagreement is classified', async () => {
    const { code, standings } = await compared({
      matches: [
        match('CVE-2026-1', 'bad', '1.0.0'),
        match('GHSA-fixed', 'good', '2.0.0'),
        match('GHSA-both', 'good', '2.0.0'),
        match('CVE-1999-1', 'bad', '1.0.0'),
        match('CVE-2026-1', 'absent', '1.0.0'),
        { vulnerability: { id: 'CVE-2026-9' }, artifact: { name: 'odd', version: '1.0.0' } },
      ],
    });
    expect(code).toBe(1);
    expect(standings).toEqual([
      'CVE-1999-1 advisory-unknown',
      'CVE-2026-1 agreed',
      'CVE-2026-1 component-not-here',
      'CVE-2026-9 not-assessed',
      'GHSA-both package-not-named',
      'GHSA-fixed version-not-affected',
      'GHSA-ours only-ours',
    ]);
  });

  it('of Trivy and of OSV-Scanner is read too', async () => {
    const trivy = {
      ArtifactName: 'x',
      Results: [
        {
          Vulnerabilities: [
            {
              VulnerabilityID: 'CVE-2026-1',
              PkgName: 'bad',
              InstalledVersion: '1.0.0',
              PkgIdentifier: { PURL: 'pkg:npm/bad@1.0.0' },
            },
            { VulnerabilityID: 'GHSA-ours', PkgName: 'bad', InstalledVersion: '1.0.0' },
          ],
        },
        { Target: 'nothing' },
      ],
    };
    expect(await compared(trivy)).toMatchObject({
      code: 0,
      standings: ['CVE-2026-1 agreed', 'GHSA-ours agreed'],
    });
    const vulnerabilities = [{ id: 'GHSA-both' }, { id: 'OSV-9', aliases: ['GHSA-ours'] }];
    const osvScanner = {
      results: [{ packages: [{ package: { name: 'bad', version: '1.0.0' }, vulnerabilities }] }],
    };
    expect((await compared(osvScanner)).code).toBe(0);
  });

  it('that cannot be read is an error and never agreement', async () => {
    for (const wrong of [{}, [], null, 1]) expect((await compared(wrong)).code).toBe(2);
    expect(() => readOpinions('{', 'x')).toThrow(expect.objectContaining({ code: 'invalid-opinion' }));
    expect(readOpinions('{"matches":[null,{}]}', 'x')).toHaveLength(2);
  });
});
