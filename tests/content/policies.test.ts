import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPolicySet, runPolicyTests } from '@kydai/policy';
import { describe, expect, it } from 'vitest';

const policies = join(import.meta.dirname, '../../policies');
const read = (pattern: RegExp) =>
  ['access', 'enrolment', 'release', 'response'].flatMap((kind) =>
    readdirSync(join(policies, kind))
      .filter((name) => pattern.test(name))
      .map((name) => ({ file: `${kind}/${name}`, text: readFileSync(join(policies, kind, name), 'utf8') })),
  );

describe('our policies', () => {
  const schema = {
    file: 'schema.cedarschema',
    text: readFileSync(join(policies, 'schema.cedarschema'), 'utf8'),
  };
  const policySet = loadPolicySet({ schema, policies: read(/\.cedar$/) });

  it('are valid against the schema of decisions, without a warning', () => {
    expect(policySet.warnings).toEqual([]);
  });

  it('each say why, in Vietnamese and in English', () => {
    const silent = policySet.policies.filter(
      ({ annotations }) => !annotations.get('reason') || !annotations.get('reason_en'),
    );
    expect(silent.map(({ id }) => id)).toEqual([]);
  });

  it('decide every case as it says, and each policy decides in one of them', () => {
    const report = runPolicyTests(policySet, read(/\.test\.json$/));
    expect(report.results.filter(({ passed }) => !passed)).toEqual([]);
    expect(report.passed).toBeGreaterThan(40);
    expect(report.uncovered).toEqual([]);
  });
});
