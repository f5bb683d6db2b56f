import type { Finding } from '@kydai/contracts';
import { describe, expect, it } from 'vitest';
import type { Bom } from '../model/bom.ts';
import { applyVex, readVex } from './vex.ts';

const purl = 'pkg:npm/p@1.0.0';
const finding: Finding = {
  system: 's',
  component: { name: 'p', version: '1.0.0', purl },
  advisory: 'GHSA-1',
  aliases: ['CVE-1'],
  summary: '',
  severity: 'high',
  score: null,
  knownExploited: false,
  malicious: false,
  fixedVersions: [],
  direct: true,
  proof: { record: 'GHSA-1', range: '>=0', comparator: 'semver', database: 'd' },
};
const bom: Bom = {
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  metadata: { component: { type: 'application', name: 'app', 'bom-ref': 'app', purl: 'pkg:generic/app@1' } },
  components: [{ type: 'library', name: 'p', version: '1.0.0', purl, 'bom-ref': 'ref-of-p' }],
};
const openVex = (...statements: object[]) =>
  JSON.stringify({ '@context': 'https://openvex.dev/ns/v0.2.0', author: 'lan', statements });
const statement = (products: unknown[], more: object = {}) => ({
  vulnerability: { name: 'CVE-1' },
  products,
  status: 'not_affected',
  justification: 'vulnerable_code_not_present',
  ...more,
});
const outcome = (text: string) => {
  const { excluded, unmatched } = applyVex(bom, [finding], readVex(text));
  return [excluded.length, unmatched.length];
};

describe('OpenVEX', () => {
  it('takes a finding away by an alias, for the component with or without its version', () => {
    expect(outcome(openVex(statement([{ '@id': purl }])))).toEqual([1, 0]);
    expect(outcome(openVex(statement([{ identifiers: { purl: 'pkg:npm/p' } }])))).toEqual([1, 0]);
    expect(
      outcome(openVex(statement([{ '@id': 'pkg:generic/app@1', subcomponents: [{ '@id': purl }] }]))),
    ).toEqual([1, 0]);
    expect(outcome(openVex(statement([{ '@id': 'pkg:generic/app@1' }])))).toEqual([1, 0]);
  });

  it('about another version or component takes nothing away, and is told', () => {
    expect(outcome(openVex(statement([{ '@id': 'pkg:npm/p@1.0.1' }])))).toEqual([0, 1]);
    expect(outcome(openVex(statement([{ '@id': 'pkg:npm/q' }])))).toEqual([0, 1]);
  });

  it('that says affected takes nothing away, and the last statement holds', () => {
    const affected = statement([{ '@id': purl }], { status: 'affected' });
    expect(outcome(openVex(affected))).toEqual([0, 0]);
    expect(outcome(openVex(statement([{ '@id': purl }]), affected))).toEqual([0, 0]);
    expect(outcome(openVex(affected, statement([{ '@id': purl }])))).toEqual([1, 0]);
  });

  it.each([
    ['no json', '{'],
    ['another format', '{}'],
    ['no statements', JSON.stringify({ '@context': 'https://openvex.dev/ns' })],
    ['an unknown status', openVex(statement([], { status: 'fine' }))],
    ['no vulnerability', openVex(statement([], { vulnerability: {} }))],
    ['no justification', openVex(statement([], { justification: undefined }))],
  ])('with %s is refused', (_what, text) => {
    expect(() => readVex(text)).toThrow(expect.objectContaining({ code: 'invalid-vex' }));
  });
});

describe('CycloneDX VEX', () => {
  const document = (state: string, ref: string) =>
    JSON.stringify({
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      vulnerabilities: [
        { id: 'CVE-1', affects: [{ ref }], analysis: { state, justification: 'code_not_reachable' } },
      ],
    });

  it('is matched by reference, by BOM-Link and by package url', () => {
    expect(outcome(document('not_affected', 'ref-of-p'))).toEqual([1, 0]);
    expect(
      outcome(document('false_positive', 'urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#ref-of-p')),
    ).toEqual([1, 0]);
    expect(outcome(document('resolved', purl))).toEqual([1, 0]);
    expect(outcome(document('exploitable', 'ref-of-p'))).toEqual([0, 0]);
    expect(outcome(document('not_affected', 'ref-of-q'))).toEqual([0, 1]);
  });

  it('with an unknown state is refused', () => {
    expect(() => readVex(document('whatever', 'x'))).toThrow(
      expect.objectContaining({ code: 'invalid-vex' }),
    );
  });
});
