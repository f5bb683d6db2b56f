import { DerReader } from '../der/reader.ts';
import { oid, printableString, sequence, setOf, utf8String } from '../der/writer.ts';
import { PkiError } from '../error.ts';
import { nameOfOid, Oid } from './oids.ts';

export interface NameAttribute {
  readonly oid: string;
  readonly text: string;
  /** Identifier octet of the string type it came in. */
  readonly tag: number;
}

/** A distinguished name (RFC 5280 section 4.1.2.4). */
export interface Name {
  readonly der: Uint8Array;
  /** Relative distinguished names in the order of the encoding; nearly always of one attribute each. */
  readonly rdns: readonly (readonly NameAttribute[])[];
}

const shortNames: Readonly<Record<string, string>> = {
  [Oid.commonName]: 'CN',
  [Oid.organization]: 'O',
  [Oid.organizationalUnit]: 'OU',
  [Oid.country]: 'C',
  [Oid.locality]: 'L',
  [Oid.state]: 'ST',
  [Oid.domainComponent]: 'DC',
  [Oid.userId]: 'UID',
};

/** DER of a name from attribute and value pairs, most general first. Country is PrintableString, the rest UTF-8. */
export function encodeName(...attributes: readonly (readonly [oid: string, text: string])[]): Uint8Array {
  return sequence(
    ...attributes.map(([type, text]) =>
      setOf(sequence(oid(type), type === Oid.country ? printableString(text) : utf8String(text))),
    ),
  );
}

/** Reads a Name; at most 64 attributes. */
export function readName(reader: DerReader): Name {
  const der = reader.raw();
  const list = DerReader.over(der).sequence();
  const rdns: NameAttribute[][] = [];
  let count = 0;
  while (list.more) {
    const set = list.setOf();
    const rdn: NameAttribute[] = [];
    while (set.more) {
      if (++count > 64) throw new PkiError('malformed-der', 'name has more than 64 attributes');
      const pair = set.sequence();
      const type = pair.oid();
      const { tag, text } = pair.string();
      pair.end();
      rdn.push({ oid: type, text, tag });
    }
    if (rdn.length === 0)
      throw new PkiError('malformed-der', 'name has an empty relative distinguished name');
    rdns.push(rdn);
  }
  return { der, rdns };
}

/** All attributes in one list. */
export function attributesOf(name: Name): readonly NameAttribute[] {
  return name.rdns.length === 1 ? name.rdns[0]! : name.rdns.flat();
}

/** The text form of RFC 4514: last first, specials escaped. For people and logs, never for comparison. */
export function formatName(name: Name): string {
  return [...name.rdns]
    .reverse()
    .map((rdn) =>
      rdn.map((part) => `${shortNames[part.oid] ?? nameOfOid(part.oid)}=${escapeText(part.text)}`).join('+'),
    )
    .join(',');
}

function escapeText(text: string): string {
  return text
    .replace(/[\\",+<>;=]|^[ #]| $/g, (found) => `\\${found}`)
    .replace(/\p{Cc}/gu, (found) => Buffer.from(found).toString('hex').replace(/../g, '\\$&'));
}

/** Byte equality. Names that we issue and those that refer to them are written by the same code. */
export function sameName(left: Name, right: Name): boolean {
  return Buffer.compare(left.der, right.der) === 0;
}
