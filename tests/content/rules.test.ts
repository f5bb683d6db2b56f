import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadRules, runRuleTests } from '@kydai/siem';
import { describe, expect, it } from 'vitest';

const folder = join(import.meta.dirname, '../../policies/detection');
const files = readdirSync(folder)
  .filter((name) => /\.ya?ml$/.test(name))
  .map((name) => ({ file: name, text: readFileSync(join(folder, name), 'utf8') }));

describe('our detection rules', () => {
  it('all load without a problem', () => {
    expect(loadRules(files).problems).toEqual([]);
  });

  it('there are enough of them for the threats that a city faces', () => {
    const { rules } = loadRules(files);
    const reporting = [...rules.rules, ...rules.correlations].filter(
      ({ level }) => level !== 'informational',
    );
    expect(reporting.length).toBeGreaterThanOrEqual(12);
  });

  it('each fires on its own case and stays quiet on another', () => {
    const report = runRuleTests(files);
    expect(report.results.filter(({ passed }) => !passed)).toEqual([]);
    expect(report.problems).toEqual([]);
  });
});
