import { expect, test } from 'vitest';
import { createNormaliser } from './normalise.ts';

const dhcp = {
  name: 'dhcp',
  programs: ['dhcpd'],
  dataset: 'dhcp.log',
  rows: [
    {
      match: 'DHCPACK on {client.ip:ip} to {client.mac} ({host.hostname}) via {_}',
      set: { 'event.action': 'lease' },
    },
    { match: 'DHCPACK on {client.ip:ip} to {client.mac} via {_}', set: { 'event.action': 'lease' } },
  ],
  pairs: { mac: 'client.mac' },
  tests: [
    {
      message: 'DHCPACK on 10.0.0.9 to aa:bb (cam-9) via eth0',
      fields: { 'client.ip': '10.0.0.9', 'event.action': 'lease' },
    },
    { message: 'odd mac=aa:cc', fields: { 'client.mac': 'aa:cc' } },
  ],
};
const line = '<30>Nov 21 20:26:00 gw dhcpd[3]: DHCPACK on 10.0.0.9 to aa:bb via eth0';

test('a parser as data reads the messages of its programs', () => {
  const event = createNormaliser({ parsers: [dhcp] }).line(line, 0);
  expect(event.dataset).toBe('dhcp.log');
  expect(event.fields.get('client.mac')).toBe('aa:bb');
  expect(event.fields.get('host.name')).toBe('gw');
  expect(createNormaliser().line(line, 0).dataset).toBe('linux.syslog');
});

test('a parser as data wins over a built-in one, and cannot overwrite the header', () => {
  const own = {
    ...dhcp,
    programs: ['sshd'],
    rows: [{ match: 'hello {host.name}' }],
    tests: [{ message: 'hello x', fields: { 'host.name': 'x' } }],
  };
  const event = createNormaliser({ parsers: [own] }).line('<38>Nov 21 20:26:00 vm sshd[1]: hello forged', 0);
  expect(event).toMatchObject({ dataset: 'dhcp.log' });
  expect(event.fields.get('host.name')).toBe('vm');
});

test.each([
  ['bad-parser', { ...dhcp, dataset: 'Not A Dataset' }, /dataset/],
  ['bad-parser', { ...dhcp, tests: [] }, /tests/],
  ['bad-parser', { ...dhcp, surprise: 1 }, /surprise|Unrecognized/],
  ['bad-parser', { ...dhcp, tests: [{ message: 'odd', fields: { 'client.mac': 'x' } }] }, /its case says/],
  ['bad-pattern', { ...dhcp, rows: [{ match: '{a}{b}' }] }, /adjacent/],
  ['bad-parser', 'nonsense', /the parser/],
])('a broken one is refused with %s: %#', (code, definition, message) => {
  const make = () => createNormaliser({ parsers: [definition] });
  expect(make).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
});
