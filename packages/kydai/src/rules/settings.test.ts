import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordStore } from '@kydai/contracts';
import { loadRules } from '@kydai/siem';
import { openRecords } from '@kydai/store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRuleSettings } from './settings.ts';

const clock = { now: () => 1000 };
const throttle = { perSource: 20, perRule: 1000, overall: 60_000, windowSeconds: 60 };
const plain = (id: string) =>
  `title: ${id}\nid: ${id}\nname: ${id}\nlogsource: { service: s }\ndetection: { a: { x: 1 }, condition: a }\nlevel: low\n`;
const counting = (id: string, of: string, generate = false) =>
  `title: ${id}\nid: ${id}\nname: ${id}\ncorrelation:\n  type: event_count\n  rules: [${of}]\n  timespan: 1m\n  condition: { gte: 2 }\n${generate ? '  generate: true\n' : ''}level: low\n`;
const { rules } = loadRules([
  {
    file: 'r',
    text: [plain('alone'), plain('fed'), counting('low', 'fed'), counting('high', 'low')].join('---\n'),
  },
]);

describe('the settings of rules', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kydai-rules-'));
  let records: RecordStore;
  const change = { reason: 'r', by: 'user:a' };
  const ids = (of: ReturnType<typeof loadRules>['rules']) =>
    [...of.rules, ...of.correlations].map(({ id, reports }) => `${id}${reports ? '' : ' silent'}`);

  beforeAll(async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    ({ records } = await openRecords({
      file: join(folder, 'records.sqlite'),
      clock,
      auditKey: {
        publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
        sign: async (bytes) => sign(null, bytes, privateKey),
      },
    }));
  });
  afterAll(async () => {
    await records.close();
    rmSync(folder, { recursive: true });
  });

  test('leave out what is off, and keep what something else still counts', async () => {
    const settings = await openRuleSettings(records, clock, throttle);
    expect(ids(settings.active(rules))).toEqual(ids(rules));
    await settings.change({ ...change, rule: 'alone', enabled: false });
    expect(ids(settings.active(rules)).join()).not.toContain('alone');
    await settings.change({ ...change, rule: 'high', enabled: false });
    expect(ids(settings.active(rules))).toEqual([]);
    await settings.change({ ...change, rule: 'high', enabled: true });
    expect(ids(settings.active(rules))).toEqual(['fed silent', 'low silent', 'high']);
  });

  test('outlive a restart, and a limit is not lost by a switch', async () => {
    const before = await openRuleSettings(records, clock, throttle);
    await before.change({ ...change, rule: 'fed', throttle: { perSource: 2, windowSeconds: 5 } });
    await before.change({ ...change, rule: 'fed', enabled: false });
    const settings = await openRuleSettings(records, clock, throttle);
    expect(settings.of('fed')).toMatchObject({ enabled: false, throttle: { perSource: 2 }, by: 'user:a' });
    expect(settings.limits()).toMatchObject({ perSource: 20, window: 60_000, overall: 60_000 });
    expect(settings.limits().rules?.get('fed')).toEqual({ perSource: 2, window: 5000 });
    await settings.change({ ...change, rule: 'fed', throttle: null });
    expect(settings.limits().rules?.has('fed')).toBe(false);
  });
});
