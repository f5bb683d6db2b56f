import { type Certificate, type PolicyEntity, type RecordStore, write } from '@kydai/contracts';
import { certificates } from '@kydai/pki';
import { expect, it } from 'vitest';
import { catchUp, type Present } from './catch-up.ts';
import { openChangeLog } from './changes.ts';
import { openTestRecords } from './testing/records.ts';

const clock = { now: () => 1_000_000 };
const device = (id: string, attrs: object = {}, zone = 'north', tags = {}): PolicyEntity => ({
  uid: { type: 'Device', id },
  attrs: {
    kind: 'camera',
    operationalTechnology: false,
    quarantined: false,
    certified: true,
    risk: 0,
    ...attrs,
  },
  parents: [{ type: 'Zone', id: zone }],
  tags,
});
const present = (devices: readonly PolicyEntity[], more: Partial<Present> = {}): Present => ({
  entities: { all: () => devices },
  blocked: [],
  isBlocked: () => false,
  policySet: 'one',
  ...more,
});
/** What a start tells, with the log as the last start left it. */
async function start(records: RecordStore, now: Present): Promise<object[]> {
  const changes = await openChangeLog({ records, clock, log: { error: () => {} } });
  const from = changes.newest;
  await catchUp({ changes, records, clock, present: now });
  await changes.settled();
  return changes.after(from)!.map(({ change }) => change);
}

it('tells once of what changed while nobody listened, and then no more', async () => {
  const records = await openTestRecords();
  await start(records, present([device('a'), device('b')]));
  const tags = { risk: { source: 'siem', at: 1, until: 2 } };
  const later = present(
    [device('a', { quarantined: true, risk: 90 }), device('b', { certified: false }, 'south', tags)],
    {
      policySet: 'two',
      blocked: [{ kind: 'build', id: 'web:4', by: 'playbook:p' }],
      isBlocked: () => true,
    },
  );
  expect(await start(records, later)).toEqual([
    { type: 'device-quarantined', device: 'a' },
    { type: 'risk-changed', device: 'a', from: 0, to: 90 },
    { type: 'device-uncertified', device: 'b' },
    { type: 'fact-stale', device: 'b', fact: 'risk', source: 'siem' },
    { type: 'blocked', kind: 'build', id: 'web:4', by: 'playbook:p' },
    { type: 'policy-set-changed', policySet: 'two', by: 'system' },
  ]);
  expect(await start(records, later)).toEqual([]);
  const back = present([device('a'), device('b', {}, 'south')], { policySet: 'two' });
  expect((await start(records, back)).map((change) => (change as { type: string }).type)).toEqual([
    'device-released',
    'risk-changed',
    'device-certified',
    'unblocked',
  ]);
});

it('tells of revocations that a kill kept from being told, and of none twice', async () => {
  const records = await openTestRecords();
  await start(records, present([]));
  const certificate = (serial: string, at: number): Certificate => ({
    serial,
    issuer: 'device-ca-1',
    profile: 'device',
    subject: 'cam',
    names: [],
    keyType: 'EC-P256',
    keyDigest: '',
    fingerprint: '',
    notBefore: 0,
    notAfter: 9e12,
    issued: 0,
    requester: 'user:a',
    revoked: { at, reason: 'keyCompromise', by: 'user:a' },
    der: '',
  });
  await records.commit([write.insert(certificates, certificate('1', clock.now()))]);
  const told = await start(records, present([]));
  expect(told).toMatchObject([{ type: 'certificate-revoked', device: 'cam', serial: '1' }]);
  expect(await start(records, present([]))).toEqual([]);
  await records.commit([write.insert(certificates, certificate('2', clock.now() + 5))]);
  expect(await start(records, present([]))).toMatchObject([{ serial: '2' }]);
});
