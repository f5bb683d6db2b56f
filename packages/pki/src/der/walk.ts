import { PkiError } from '../error.ts';
import { type DerLimits, DerReader } from './reader.ts';
import { Tag } from './tag.ts';

/**
 * Reads a whole tree of elements and checks each by the rules of its type, knowing nothing of what it means. Returns
 * how many elements there are. Throws as `DerReader` does; a tree of more than `maxElements` is refused.
 */
export function walk(bytes: Uint8Array, limits: Partial<DerLimits> = {}, maxElements = 100_000): number {
  const top = DerReader.over(bytes, limits);
  let count = 0;
  const open = [top];
  for (let reader = open.at(-1); reader !== undefined; reader = open.at(-1)) {
    const tag = reader.peek();
    if (tag === undefined) {
      open.pop();
      continue;
    }
    if (++count > maxElements) throw new PkiError('der-too-large', `more than ${maxElements} elements`);
    if ((tag & 0x20) !== 0) open.push(reader.enter(tag));
    else readPrimitive(reader, tag);
  }
  if (count === 0) throw new PkiError('malformed-der', 'there is no element; send DER as X.690 defines it');
  return count;
}

function readPrimitive(reader: DerReader, tag: number): void {
  switch (tag) {
    case Tag.boolean:
      reader.boolean();
      return;
    case Tag.integer:
    case Tag.enumerated:
      reader.integerBytes(tag);
      return;
    case Tag.bitString:
      reader.bits();
      return;
    case Tag.null:
      reader.nothing();
      return;
    case Tag.oid:
      reader.oid();
      return;
    case Tag.utcTime:
    case Tag.generalizedTime:
      reader.time();
      return;
    case Tag.octetString:
      reader.octetString();
      return;
    default:
      if (tag >= 0x80) reader.contents(tag);
      else reader.string();
  }
}
