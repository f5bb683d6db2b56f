import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadRules, readMappings, runRuleTests } from '@kydai/siem';
import { describe, expect, it } from 'vitest';

const filesOf = (folder: string) => {
  const path = join(import.meta.dirname, '../../policies', folder);
  return readdirSync(path)
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => ({ file: name, text: readFileSync(join(path, name), 'utf8') }));
};
const files = filesOf('detection');

describe('our detection rules', () => {
  it('all load without a problem', () => {
    expect(loadRules(files).problems).toEqual([]);
  });

  it('there are enough of them for the threats that a city faces', () => {
    const { rules } = loadRules(files);
    const reporting = [...rules.rules, ...rules.correlations].filter(
      ({ level }) => level !== 'informational',
    );
    expect(reporting.length).toBeGreaterThanOrEqual(60);
  });

  it('each fires on its own case and stays quiet on another', () => {
    const report = runRuleTests(files, { fieldMaps: readMappings(filesOf('mappings')).fieldMaps });
    expect(report.results.filter(({ passed }) => !passed)).toEqual([]);
    expect(report.problems).toEqual([]);
    expect(report.untested).toEqual([]);
  });

  it('each says what it misses, what it mistakes, and which technique it is about', () => {
    const { rules } = loadRules(files);
    const silent = [...rules.rules, ...rules.correlations]
      .filter(({ reports }) => reports)
      .filter(
        ({ description, falsePositives, techniques }) =>
          !description.includes('Known gaps:') || falsePositives.length === 0 || techniques.length === 0,
      );
    expect(silent.map(({ title }) => title)).toEqual([]);
  });

  it('each says the same in Vietnamese', () => {
    const { rules } = loadRules(files);
    const half = [...rules.rules, ...rules.correlations].filter(
      ({ titleVi, description, descriptionVi = '', falsePositives, falsePositivesVi }) =>
        !titleVi ||
        !/[À-ỹ]/.test(descriptionVi) ||
        description.includes('Known gaps:') !== descriptionVi.includes('Điểm mù đã biết:') ||
        falsePositives.length !== falsePositivesVi.length,
    );
    expect(half.map(({ title }) => title)).toEqual([]);
  });

  it('find the fields of the log sources that are mapped, without a problem', () => {
    const { fieldMaps, problems } = readMappings(filesOf('mappings'));
    expect(problems).toEqual([]);
    expect(fieldMaps.length).toBeGreaterThan(10);
    expect(loadRules(files, { fieldMaps }).problems).toEqual([]);
  });
});
