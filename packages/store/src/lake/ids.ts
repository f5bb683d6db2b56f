/** Bytes of a UUID. */
export const idBytes = 16;

const nibbles = new Int8Array(256).fill(-1);
for (const [value, digit] of Array.from('0123456789abcdef').entries()) nibbles[digit.charCodeAt(0)] = value;

/** Reads a UUID, in the small letters in which one is written, from UTF-8 into 16 bytes. False where it is not one. */
export function readUuid(
  text: Uint8Array,
  at: number,
  length: number,
  into: Uint8Array,
  to: number,
): boolean {
  if (length !== 36) return false;
  let valid = 0;
  let from = at;
  for (let byte = 0; byte < idBytes; byte++) {
    if (byte === 4 || byte === 6 || byte === 8 || byte === 10) valid |= text[from++]! === 45 ? 0 : -1;
    const high = nibbles[text[from++]!]!;
    const low = nibbles[text[from++]!]!;
    valid |= high | low;
    into[to + byte] = (high << 4) | low;
  }
  return valid >= 0;
}

export function writeUuid(bytes: Buffer, at: number): string {
  const hex = bytes.toString('hex', at, at + idBytes);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The ids of converted segments, as small as they can be: UUIDs as sorted bytes, others as they are. */
export interface PackedIds {
  readonly uuids: Uint8Array;
  /** The first and the last of the UUIDs; empty where there is none. */
  readonly lowest: string;
  readonly highest: string;
  readonly others: ReadonlySet<string>;
}

/** Packs UUIDs, which mostly are in rising order already, and other ids. */
export function packIds(given: Buffer, others: readonly string[]): PackedIds {
  const uuids = risingIds(given) ? given : sortedIds(given);
  const some = uuids.length > 0;
  return {
    uuids,
    lowest: some ? writeUuid(uuids, 0) : '',
    highest: some ? writeUuid(uuids, uuids.length - idBytes) : '',
    others: new Set(others),
  };
}

function risingIds(ids: Buffer): boolean {
  for (let at = idBytes; at < ids.length; at += idBytes)
    if (ids.compare(ids, at - idBytes, at, at, at + idBytes) <= 0) return false;
  return true;
}

function sortedIds(ids: Buffer): Buffer {
  const each = Array.from({ length: ids.length / idBytes }, (_, n) =>
    ids.subarray(n * idBytes, (n + 1) * idBytes),
  );
  return Buffer.concat(each.sort(Buffer.compare));
}

export function holdsId({ uuids, lowest, highest, others }: PackedIds, id: string): boolean {
  if (others.has(id)) return true;
  if (highest === '' || id > highest || id < lowest) return false;
  const wanted = Buffer.alloc(idBytes);
  if (!readUuid(Buffer.from(id), 0, id.length, wanted, 0)) return false;
  const all = Buffer.from(uuids.buffer, uuids.byteOffset, uuids.length);
  let low = 0;
  let high = uuids.length / idBytes;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = all.compare(wanted, 0, idBytes, middle * idBytes, (middle + 1) * idBytes);
    if (order === 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return false;
}
