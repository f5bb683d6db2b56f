import { Finding } from '@kydai/contracts';
import { expect, it } from 'vitest';
import * as sbom from './index.ts';

it('exports what others may use, and nothing else', () => {
  expect(Object.keys(sbom).toSorted()).toEqual([
    'SbomError',
    'SbomRecord',
    'assess',
    'certificatesOf',
    'createInventory',
    'findings',
    'formatPurl',
    'gate',
    'gateFormats',
    'generateFormats',
    'importAdvisories',
    'openAdvisories',
    'osvMirror',
    'parseAnyBom',
    'parseBom',
    'parsePurl',
    'readBom',
    'runAttest',
    'runGate',
    'runGenerate',
    'runImport',
    'runOpinion',
    'runSign',
    'runUpdate',
    'runVerify',
    'runWaive',
    'runWhy',
    'sboms',
    'versionScheme',
    'waysTo',
    'writeBom',
  ]);
});

it('keeps findings as the contract has them', () => {
  const finding: Finding = {
    system: 'portal',
    component: { name: 'a', version: '1.0.0', purl: 'pkg:npm/a@1.0.0' },
    advisory: 'GHSA-1',
    aliases: [],
    summary: '',
    severity: 'high',
    score: 7.5,
    knownExploited: false,
    malicious: false,
    fixedVersions: [],
    direct: true,
    proof: { record: 'GHSA-1', range: '>=0', comparator: 'semver', database: '' },
  };
  expect(sbom.findings.schema.parse(finding)).toEqual(Finding.parse(finding));
  expect(sbom.findings.key(finding)).toBe('portal pkg:npm/a@1.0.0 GHSA-1');
});
