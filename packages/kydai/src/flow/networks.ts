import { BlockList, isIP } from 'node:net';

/** Whether a text is an IP address or a network in CIDR form. */
export function isNetwork(text: string): boolean {
  return read(text) !== undefined;
}

/** Whether an address lies in one of the networks; IPv4 in IPv6 form counts as IPv4. What is no network is passed over. */
export function inNetworks(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const text of networks) {
    const network = read(text);
    if (network !== undefined) list.addSubnet(network.address, network.bits, network.family);
  }
  return (given) => {
    const address = given.replace(/^::ffff:(?=\d+\.)/i, '');
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6');
  };
}

function read(text: string) {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  const most = version === 4 ? 32 : 128;
  const length = bits === undefined ? most : Number(bits);
  if (version === 0 || length > most) return undefined;
  return { address, bits: length, family: version === 4 ? ('ipv4' as const) : ('ipv6' as const) };
}
