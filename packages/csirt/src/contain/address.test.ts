import { describe, expect, it } from 'vitest';
import { blockable, isOutside } from './address.ts';

describe('an address', () => {
  it.each([
    '127.0.0.1',
    '127.9.9.9',
    '0.0.0.0',
    '::1',
    '::',
    '224.0.0.1',
    'ff02::1',
    '::ffff:127.0.0.1',
    'gateway',
    '',
    '1.2.3',
    '1.2.3.4/8',
  ])('such as %j is never blocked', (address) => {
    expect(blockable(address)).toBe(false);
    expect(isOutside(address)).toBe(false);
  });

  it.each([
    '10.1.0.17',
    '172.31.255.1',
    '192.168.1.1',
    'fd00::1',
    'fe80::1',
    '100.64.0.1',
    '::ffff:10.0.0.1',
  ])('such as %j is inside', (address) => {
    expect(blockable(address)).toBe(true);
    expect(isOutside(address)).toBe(false);
  });

  it.each(['198.51.100.23', '2001:db8::1', '8.8.8.8'])('such as %j is outside', (address) => {
    expect(isOutside(address)).toBe(true);
  });
});
