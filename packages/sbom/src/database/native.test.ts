import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../match/range.ts';
import { rubygems } from '../versions/rubygems.ts';
import { complement, type Interval, parseRequirement, toRange } from './interval.ts';
import { readNative } from './native.ts';

const ruby = (patched: string[], unaffected: string[] = []) =>
  readNative(
    { gem: 'g', cve: '2023-1', patched_versions: patched, unaffected_versions: unaffected, cvss_v3: '7.5' },
    'x.tar.gz:gems/g/CVE-2023-1.yml',
  )!;
const isAffected = (record: ReturnType<typeof ruby>, version: string) =>
  evaluate(version, record.affected[0]!, rubygems).affected;

describe('records of the Ruby advisory database', () => {
  it('affect what is neither patched nor unaffected', () => {
    const record = ruby(['~> 1.2.3', '>= 2.0.1'], ['< 1.0', '<= 1.0.5']);
    for (const version of ['0.9', '1.0.5', '1.2.3', '1.2.9', '2.0.1', '3.0'])
      expect([version, isAffected(record, version)]).toEqual([version, false]);
    for (const version of ['1.0.6', '1.2.2', '1.3.0', '2.0.0'])
      expect([version, isAffected(record, version)]).toEqual([version, true]);
  });

  it('affect everything where nothing is patched', () => {
    expect(isAffected(ruby([]), '99')).toBe(true);
  });

  it('keep their names and score', () => {
    expect(ruby(['>= 1']).advisory).toMatchObject({
      id: 'rubysec/g/CVE-2023-1',
      aliases: ['CVE-2023-1'],
      severity: 'high',
      score: 7.5,
    });
  });

  it('with a requirement that cannot be read are no advisory at all', () => {
    expect(readNative({ gem: 'g', patched_versions: ['!= 1'] }, 'x.yml')).toBeUndefined();
  });
});

describe('records of FriendsOfPHP', () => {
  it('affect the versions of each branch', () => {
    const record = readNative(
      {
        title: 't',
        cve: '~',
        reference: 'composer://v/p',
        branches: {
          '1.x': { time: '2020-01-02 10:00:00', versions: ['>=1.0', '<1.2'] },
          '2.x': { versions: ['>2.0', '<=2.3'] },
        },
      },
      'a.tar.gz:v/p/2020-01-02.yaml',
    )!;
    expect(record.advisory).toMatchObject({
      id: 'friendsofphp/v/p/2020-01-02',
      aliases: [],
      published: '2020-01-02',
    });
    const found = (version: string) => evaluate(version, record.affected[0]!, rubygems).range;
    expect([found('1.1'), found('1.2'), found('2.0'), found('2.3')]).toEqual([
      '>=1.0 <1.2',
      '',
      '',
      '>2.0 <=2.3',
    ]);
  });
});

describe('the complement of intervals', () => {
  const requirement = fc
    .tuple(fc.constantFrom('>=', '>', '<', '<=', '=', '~>'), fc.nat(9), fc.nat(9))
    .map(([operator, a, b]) => `${operator} ${a}.${b}`);

  it('holds exactly the versions that none of them holds', () => {
    fc.assert(
      fc.property(fc.array(requirement, { maxLength: 4 }), fc.nat(10), fc.nat(10), (requirements, a, b) => {
        const version = `${a}.${b}`;
        const intervals = requirements.map((each) => parseRequirement(each, rubygems)!);
        const holds = (list: readonly Interval[]) =>
          list.length > 0 &&
          evaluate(
            version,
            { ecosystem: '', name: '', versions: [], gitOnly: false, ranges: list.map(toRange) },
            rubygems,
          ).affected;
        return holds(complement(intervals, rubygems)) !== holds(intervals);
      }),
      { numRuns: 500 },
    );
  });
});
