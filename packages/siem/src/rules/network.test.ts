import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inNetwork, parseAddress, parseNetwork } from './network.ts';

const octet = fc.integer({ min: 0, max: 255 });
const address = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join('.'));

describe('networks', () => {
  it('hold an IPv4 address exactly when its leading bits are theirs', () => {
    fc.assert(
      fc.property(address, address, fc.integer({ min: 0, max: 32 }), (network, one, bits) => {
        const binary = (text: string) =>
          text.split('.').reduce((all, part) => all + Number(part).toString(2).padStart(8, '0'), '');
        const truth = binary(network).slice(0, bits) === binary(one).slice(0, bits);
        expect(inNetwork(parseNetwork(`${network}/${bits}`)!, one)).toBe(truth);
        expect(inNetwork(parseNetwork(`${network}/${bits}`)!, `::ffff:${one}`)).toBe(truth);
      }),
    );
  });

  it.each(['1.2.3', '1.2.3.4.5', '01.2.3.4', '1.2.3.256', '1..2.3', '1.2.3.', ' 1.2.3.4', 'a.b.c.d', ''])(
    'take %j for no address',
    (text) => {
      expect(parseAddress(text)).toBeUndefined();
      expect(inNetwork(parseNetwork('0.0.0.0/0')!, text)).toBe(false);
    },
  );

  it('hold IPv6 addresses, and no IPv4 address in a network of others', () => {
    expect(inNetwork(parseNetwork('fe80::/10')!, 'febf::1')).toBe(true);
    expect(inNetwork(parseNetwork('fe80::/10')!, 'fec0::1')).toBe(false);
    expect(inNetwork(parseNetwork('::/0')!, '192.0.2.1')).toBe(true);
    expect(inNetwork(parseNetwork('1:0:0:0:0:ffff:0:0/100')!, '0.0.0.1')).toBe(false);
  });
});
