import { type RecordStore, write } from '@kydai/contracts';
import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import type { Change } from '../change.ts';
import type { StandingChange } from '../changes.ts';
import { openTestRecords } from '../testing/records.ts';
import { plainSigner as signer, receiver as stream } from '../testing/samples.ts';
import { ssfStreams } from './streams.ts';
import { openTransmitter, type Transmitter } from './transmitter.ts';

const open = (records: RecordStore, mostHeld?: number) =>
  openTransmitter({
    records,
    signer,
    clock: { now: Date.now },
    log: { warn: () => {}, error: () => {} },
    issuer: () => 'https://ioc.example',
    ...(mostHeld === undefined ? {} : { mostHeld }),
  });
const of = (change: Change): StandingChange => ({ id: '1-x', at: 1000, change });
const risk = (device: string) => of({ type: 'risk-changed', device, from: 0, to: 90 });
const polled = async (transmitter: Transmitter, id: string, ack: readonly string[] = []) => {
  const gone = new AbortController().signal;
  const { sets } = await transmitter.poll(stream(id), { ack, most: 1000, waitMs: 0, gone });
  return [...sets].map(([jti, set]) => ({ jti, ...(decodeJwt(set) as { sub_id: unknown; events: object }) }));
};
const names = (events: readonly { sub_id: unknown }[]) =>
  events.map(({ sub_id }) => (sub_id as { device?: { sub: string } }).device?.sub ?? 'stream');

describe('the transmitter', () => {
  it('keeps events and what brought them about in one commit, or neither', async () => {
    const records = await openTestRecords();
    const transmitter = await open(records);
    await transmitter.create(stream('a'));
    const taken = write.insert(ssfStreams, stream('a'));
    await expect(transmitter.keep([risk('x')], [taken])).rejects.toThrow(/changed or exists/);
    expect(await polled(transmitter, 'a')).toEqual([]);
    await transmitter.keep([risk('y')], []);
    expect(names(await polled(transmitter, 'a'))).toEqual(['y']);
  });

  it('holds in order over a restart, and until each is acknowledged', async () => {
    const records = await openTestRecords();
    const first = await open(records);
    await first.create(stream('a'));
    await first.keep([risk('1'), risk('2')], []);
    await first.keep([risk('3')], []);
    await first.close();
    const second = await open(records);
    await second.keep([risk('4')], []);
    const events = await polled(second, 'a');
    expect(names(events)).toEqual(['1', '2', '3', '4']);
    const rest = await polled(second, 'a', [events[1]!.jti, events[0]!.jti, 'unknown']);
    expect(names(rest)).toEqual(['3', '4']);
  });

  it('tells a receiver who was away for too many that it must ask anew, where the lost ones were', async () => {
    const records = await openTestRecords();
    const transmitter = await open(records, 10);
    await transmitter.create(stream('a'));
    for (let n = 0; n < 25; n++) await transmitter.keep([risk(String(n))], []);
    const events = await polled(transmitter, 'a');
    expect(events.length).toBeLessThanOrEqual(11);
    expect(names(events)[0]).toBe('stream');
    const lost = transmitter.stream('a', 'token:r')!.lost;
    expect(Object.values(events[0]!.events)[0]).toMatchObject({
      status: 'enabled',
      reason: expect.stringContaining(`${lost} events were dropped`),
    });
    expect(names(events).slice(1)).toEqual(
      Array.from({ length: events.length - 1 }, (_, index) => String(25 - events.length + 1 + index)),
    );
    // A whole burst in one commit, larger than all that is held.
    await transmitter.keep(
      Array.from({ length: 40 }, (_, n) => risk(`b${n}`)),
      [],
    );
    const after = await polled(transmitter, 'a');
    expect(names(after).at(-1)).toBe('b39');
    expect(after.length).toBeLessThanOrEqual(11);
    expect(names(after)[0]).toBe('stream');
  });

  it('sends nothing of subjects that were removed, and holds nothing for a disabled stream', async () => {
    const transmitter = await open(await openTestRecords());
    const removed = [{ format: 'iss_sub', iss: 'https://ioc.example', sub: 'quiet' }];
    await transmitter.create(stream('a', { removed }));
    await transmitter.create(stream('b'));
    await transmitter.keep([risk('quiet'), risk('loud')], []);
    expect(names(await polled(transmitter, 'a'))).toEqual(['loud']);
    await transmitter.change('b', 'user:x', (present) => ({ ...present, status: 'disabled' }));
    await transmitter.keep([risk('more')], []);
    await transmitter.change('b', 'user:x', (present) => ({ ...present, status: 'enabled' }));
    expect(await polled(transmitter, 'b')).toEqual([]);
  });

  it('has a word for every kind of change', async () => {
    const transmitter = await open(await openTestRecords());
    await transmitter.create(stream('a'));
    const changes: Change[] = [
      { type: 'device-certified', device: 'd' },
      { type: 'device-uncertified', device: 'd' },
      { type: 'device-moved', device: 'd', zone: 'z' },
      { type: 'risk-changed', device: 'd', from: 10, to: 50 },
      { type: 'certificate-revoked', device: 'd', serial: '1f', issuer: 'ca', reason: 'keyCompromise' },
      { type: 'session-ended', user: 'idp.example#lan', by: 'system', sessions: 1 },
      { type: 'claims-changed', user: 'idp.example#lan', before: [], roles: ['viewer'] },
      { type: 'blocked', kind: 'build', id: 'web-4', by: 'playbook:x' },
      { type: 'unblocked', kind: 'address', id: '192.0.2.1', by: 'user:a' },
      { type: 'policy-set-changed', policySet: 'abc', by: 'user:a' },
      { type: 'entity-changed', entity: { type: 'Service', id: 'permits' }, what: 'declared' },
    ];
    const flips: StandingChange[] = [
      { ...of({ type: 'device-quarantined', device: 'd' }), compliant: { before: true, after: false } },
      {
        ...of({ type: 'fact-renewed', device: 'd', fact: 'risk', source: 's' }),
        compliant: { before: false, after: true },
      },
      {
        ...of({ type: 'fact-stale', device: 'd', fact: 'risk', source: 's' }),
        compliant: { before: false, after: false },
      },
    ];
    await transmitter.keep([...changes.map(of), ...flips], []);
    const events = await polled(transmitter, 'a');
    const short = events.map(({ events }) => Object.keys(events)[0]!.split(/[:/]/).at(-1));
    expect(short).toEqual([
      'credential-change',
      'credential-change',
      'device-zone-change',
      'risk-level-change',
      'credential-change',
      'session-revoked',
      'token-claims-change',
      'block-change',
      'block-change',
      'policy-set-change',
      'entity-change',
      'device-compliance-change',
      'device-compliance-change',
    ]);
    expect(events[5]!.sub_id).toEqual({
      format: 'complex',
      user: { format: 'iss_sub', iss: 'https://idp.example', sub: 'lan' },
    });
  });
});
