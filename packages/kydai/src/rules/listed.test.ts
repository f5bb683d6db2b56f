import { loadRules } from '@kydai/siem';
import { describe, expect, it } from 'vitest';
import { listed, type RulesWanted } from './listed.ts';

const text = (
  [
    ['a', 'Second', 'Dò mật khẩu', 'low'],
    ['b', 'First', 'Đèn giao thông', 'high'],
    ['c', 'Third', 'Camera', 'critical'],
  ] as const
)
  .map(
    ([id, title, vi, level]) =>
      `title: ${title}\ntitle_vi: ${vi}\nid: ${id}\nlevel: ${level}\nlogsource: { service: s }\ndetection: { x: { y: 1 }, condition: x }\n`,
  )
  .join('---\n');
const { rules } = loadRules([{ file: 'a.yml', text }]).rules;
const tally = new Map([
  ['a', { fired: 3, lastFired: 10 }],
  ['b', { fired: 1, lastFired: 20 }],
]);
const ids = async (wanted: Partial<RulesWanted>) =>
  (
    await listed(
      rules,
      { q: '', limit: 50, offset: 0, ...wanted },
      {
        packOf: (id) => (id === 'c' ? 'outside' : undefined),
        tallies: { of: async () => tally, fired: async () => tally },
        suppressed: { c: 5 },
        settingOf: (id) =>
          id === 'b'
            ? { rule: 'b', enabled: false, throttle: { perRule: 1 }, by: 'x', at: 1, reason: 'y' }
            : undefined,
        testsOf: (id) => (id === 'c' ? null : { firing: 1, quiet: 1, passed: id === 'a' }),
      },
    )
  ).map(({ id }) => id);

describe('rules are listed', () => {
  it.each<[Partial<RulesWanted>, readonly string[]]>([
    [{}, ['a', 'b', 'c']],
    [{ q: 'den giao' }, ['b']],
    [{ q: 'mật' }, ['a']],
    [{ pack: '' }, ['a', 'b']],
    [{ pack: 'outside' }, ['c']],
    [{ level: 'high' }, ['b', 'c']],
    [{ state: 'off' }, ['b']],
    [{ state: 'on' }, ['a', 'c']],
    [{ state: 'limited' }, ['b']],
    [{ state: 'failing' }, ['b']],
    [{ state: 'never-fired' }, ['c']],
    [{ order: '-fired' }, ['a', 'b', 'c']],
    [{ order: '-last' }, ['b', 'a', 'c']],
    [{ order: '-suppressed' }, ['c', 'a', 'b']],
    [{ order: '-level' }, ['c', 'b', 'a']],
    [{ order: 'title' }, ['b', 'a', 'c']],
  ])('as %j wants them', async (wanted, expected) => {
    expect(await ids(wanted)).toEqual(expected);
  });
});
