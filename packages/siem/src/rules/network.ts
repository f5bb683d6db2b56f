/** An IP network: 128 bits as four unsigned 32-bit words, IPv4 mapped into IPv6 (RFC 4291 section 2.5.5.2). */
export interface Network {
  readonly words: readonly [number, number, number, number];
  readonly bits: number;
}

/** Reads `10.0.0.0/8`, `fe80::/10` or a single address; undefined when it is neither. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const words = parseAddress(address);
  if (!words) return undefined;
  const width = address.includes(':') ? 128 : 32;
  const length = slash < 0 ? width : readInteger(text.slice(slash + 1), width);
  return length === undefined ? undefined : { words, bits: length + 128 - width };
}

export function inNetwork(network: Network, text: string): boolean {
  // What most rules and logs hold: IPv4 in a network of it.
  if (network.bits > 96 && network.words[2] === 0xffff && !text.includes(':')) {
    const word = parseDotted(text);
    return (
      word !== undefined && (word ^ network.words[3]) >>> (128 - network.bits) === 0 && inMapped(network)
    );
  }
  // `fe80::1%12`: the zone names an interface of the machine that wrote it (RFC 4007 section 11).
  const zone = text.indexOf('%');
  const words = parseAddress(zone > 0 && text.includes(':') ? text.slice(0, zone) : text);
  if (!words) return false;
  for (let index = 0; index < 4; index++) {
    const bits = Math.min(32, Math.max(0, network.bits - 32 * index));
    if (bits === 0) break;
    if ((words[index]! ^ network.words[index]!) >>> (32 - bits) !== 0) return false;
  }
  return true;
}

function inMapped({ words }: Network): boolean {
  return words[0] === 0 && words[1] === 0;
}

/** Reads an IPv4 address in dotted decimal or an IPv6 address (RFC 4291 section 2.2), without zone; else undefined. */
export function parseAddress(text: string): readonly [number, number, number, number] | undefined {
  if (text.length > 45) return undefined;
  if (!text.includes(':')) {
    const word = parseDotted(text);
    return word === undefined ? undefined : [0, 0, 0xffff, word];
  }
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const left = parseGroups(halves[0]!, halves.length === 1);
  const right = halves.length === 2 ? parseGroups(halves[1]!, true) : [];
  if (!left || !right) return undefined;
  const missing = 8 - left.length - right.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...left, ...new Array<number>(missing).fill(0), ...right];
  const word = (index: number) => ((groups[index]! << 16) | groups[index + 1]!) >>> 0;
  return [word(0), word(2), word(4), word(6)];
}

function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (last && index === parts.length - 1 && part.includes('.')) {
      const word = parseDotted(part);
      if (word === undefined) return undefined;
      groups.push(word >>> 16, word & 0xffff);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

/** Four decimal numbers up to 255, without leading zeros. */
function parseDotted(text: string): number | undefined {
  const { length } = text;
  if (length < 7 || length > 15) return undefined;
  let word = 0;
  let part = 0;
  let digits = 0;
  let dots = 0;
  for (let at = 0; at < length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit === -2) {
      if (digits === 0 || ++dots > 3) return undefined;
      word = word * 256 + part;
      part = 0;
      digits = 0;
    } else {
      if (digit < 0 || digit > 9 || (digits > 0 && part === 0)) return undefined;
      part = part * 10 + digit;
      digits++;
      if (part > 255) return undefined;
    }
  }
  return dots === 3 && digits > 0 ? word * 256 + part : undefined;
}

function readInteger(text: string, max: number): number | undefined {
  if (!/^(?:0|[1-9]\d{0,2})$/.test(text)) return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}
