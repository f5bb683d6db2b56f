import { isAscii } from '../der/decode.ts';
import { DerReader } from '../der/reader.ts';
import { contextConstructed } from '../der/tag.ts';
import { contextPrimitive, sequence } from '../der/writer.ts';
import { PkiError } from '../error.ts';
import { formatName, type Name, readName } from './name.ts';

/** RFC 5280 section 4.2.1.6, in the order of its tags. */
export const generalNameKinds = [
  'otherName',
  'email',
  'dns',
  'x400',
  'directory',
  'ediParty',
  'uri',
  'ip',
  'registeredId',
] as const;
export type GeneralNameKind = (typeof generalNameKinds)[number];

export interface GeneralName {
  readonly kind: GeneralNameKind;
  /** Text for dns, email, uri and ip (canonical text; in name constraints `address/mask` in hex); hex for the rest. */
  readonly text: string;
  /** Contents octets. */
  readonly bytes: Uint8Array;
  readonly name?: Name;
}

/** `GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName`; at most 256 of them. */
export function readGeneralNames(bytes: Uint8Array): GeneralName[] {
  const top = DerReader.over(bytes);
  const list = top.sequence();
  top.end();
  return readGeneralNameList(list);
}

/** The rest of a list of GeneralName. */
export function readGeneralNameList(list: DerReader): GeneralName[] {
  const names: GeneralName[] = [];
  while (list.more) {
    if (names.length >= 256) throw new PkiError('malformed-der', 'more than 256 alternative names');
    names.push(readGeneralName(list));
  }
  if (names.length === 0) throw new PkiError('malformed-der', 'list of alternative names is empty');
  return names;
}

export function readGeneralName(reader: DerReader): GeneralName {
  const tag = reader.peek() ?? 0;
  const kind = generalNameKinds[tag & 0x1f];
  const constructed = tag === contextConstructed(tag & 0x1f);
  if (kind === undefined || (!constructed && (tag & 0xe0) !== 0x80)) {
    throw new PkiError('malformed-der', `tag 0x${tag.toString(16)} is not an alternative name`);
  }
  const mustBeConstructed =
    kind === 'otherName' || kind === 'x400' || kind === 'directory' || kind === 'ediParty';
  if (constructed !== mustBeConstructed)
    throw new PkiError('malformed-der', `alternative name ${kind} is not well formed`);
  if (kind === 'directory') {
    const inner = reader.enter(tag);
    const name = readName(inner);
    inner.end();
    return { kind, text: formatName(name), bytes: name.der, name };
  }
  const bytes = reader.contents(tag);
  return { kind, text: textOf(kind, bytes), bytes };
}

function textOf(kind: GeneralNameKind, bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (kind === 'dns' || kind === 'email' || kind === 'uri') {
    if (!isAscii(bytes)) throw new PkiError('malformed-der', `${kind} name holds octets above 7f`);
    return buffer.toString('latin1');
  }
  return kind === 'ip' ? formatAddress(bytes) : buffer.toString('hex');
}

/** Dotted or colon text of 4 or 16 octets; `address/mask` in hex for 8 or 32 (name constraints). */
export function formatAddress(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes);
  if (buffer.length === 4) return [...buffer].join('.');
  if (buffer.length === 16) {
    const groups = Array.from({ length: 8 }, (_, index) => buffer.readUInt16BE(index * 2).toString(16));
    return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
  }
  const half = buffer.length / 2;
  if (half === 4 || half === 16) return `${buffer.toString('hex', 0, half)}/${buffer.toString('hex', half)}`;
  throw new PkiError('malformed-der', `address of ${buffer.length} octets is neither IPv4 nor IPv6`);
}

/** Octets of an IPv4 or IPv6 address in text. */
export function parseAddress(text: string): Uint8Array | undefined {
  if (/^[0-9]{1,3}(?:\.[0-9]{1,3}){3}$/.test(text)) {
    const octets = text.split('.').map(Number);
    return octets.every((octet) => octet < 256) ? Uint8Array.from(octets) : undefined;
  }
  if (!text.includes(':') || !/^[0-9a-fA-F:.]{2,45}$/.test(text)) return undefined;
  const url = URL.parse(`http://[${text}]`);
  if (url === null) return undefined;
  const [head = '', tail] = url.hostname.slice(1, -1).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  const out = Buffer.alloc(16);
  groups.forEach((group, index) => {
    out.writeUInt16BE(Number.parseInt(group, 16), index * 2);
  });
  return out;
}

/** A name given as text: an address becomes `ip`, everything else `dns`. `bad-name` for what is not ASCII. */
export function textName(text: string): GeneralName {
  if (/\P{ASCII}/u.test(text)) {
    const shown = text.slice(0, 80).replace(/\p{C}/gu, '?');
    throw new PkiError(
      'bad-name',
      `\`${shown}\` is not in ASCII; write an internationalised name as xn--...`,
    );
  }
  const address = parseAddress(text);
  if (address !== undefined) return { kind: 'ip', text: formatAddress(address), bytes: address };
  return { kind: 'dns', text, bytes: Buffer.from(text, 'latin1') };
}

/** Encodes the kinds that we issue: dns, ip, email and uri. */
export function encodeGeneralName(name: GeneralName): Uint8Array {
  return contextPrimitive(generalNameKinds.indexOf(name.kind), name.bytes);
}

export function encodeGeneralNames(names: readonly GeneralName[]): Uint8Array {
  return sequence(...names.map(encodeGeneralName));
}
