import { BlockList, isIP } from 'node:net';

const ours = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['224.0.0.0', 4],
  ['255.255.255.255', 32],
] as const) {
  ours.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 128],
  ['::1', 128],
  ['ff00::', 8],
] as const) {
  ours.addSubnet(network, prefix, 'ipv6');
}

const inside = new BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
] as const) {
  inside.addSubnet(network, prefix, 'ipv4');
}
inside.addSubnet('fc00::', 7, 'ipv6');
inside.addSubnet('fe80::', 10, 'ipv6');

const check = (list: BlockList, address: string): boolean => {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
};

/**
 * Whether an address may be blocked at all.
 *
 * INVARIANT: what is no address, loopback, unspecified, multicast or broadcast is never blocked: an address comes from a
 * log line, and a forged one must not cut the operations centre off from itself.
 */
export function blockable(address: string): boolean {
  return isIP(address) !== 0 && !check(ours, address);
}

/** Whether an address lies outside of private networks (RFC 1918, 6598, 4193) and link-local ranges. */
export function isOutside(address: string): boolean {
  return blockable(address) && !check(inside, address);
}
