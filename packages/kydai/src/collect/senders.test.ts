import { expect, it } from 'vitest';
import { judgeSenders } from './senders.ts';

const blocked = (address: string) => address === '10.1.0.9';

it('expects logs from anywhere until it is told from where', () => {
  const judge = judgeSenders({ knownHosts: [], unknownHosts: 'refuse' }, blocked);
  expect(['192.0.2.1', '10.1.0.9'].map(judge)).toEqual(['known', 'blocked']);
});

it('tells strangers from senders of the networks given, and from this machine', () => {
  const settings = { knownHosts: ['10.1.0.0/16', '2001:db8::/32'] };
  const senders = ['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::5', '127.0.0.1', '10.2.0.1', '10.1.0.9'];
  expect(senders.map(judgeSenders({ ...settings, unknownHosts: 'count' }, blocked))).toEqual([
    ...['known', 'known', 'known', 'known'],
    ...['unknown', 'blocked'],
  ]);
  expect(judgeSenders({ ...settings, unknownHosts: 'refuse' }, blocked)('10.2.0.1')).toBe('unknown-refused');
});
