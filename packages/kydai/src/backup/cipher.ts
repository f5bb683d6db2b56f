import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { ShellError } from '../error.ts';

const derive = promisify(scrypt) as (
  passphrase: string,
  salt: Buffer,
  length: number,
  options: { N: number; r: number; p: number; maxmem: number },
) => Promise<Buffer>;

/**
 * An archive on disk: a head of 50 octets (`KYDAIBK1`, log2 N, r, p of scrypt, 32 octets of salt, 7 of nonce), then pieces of
 * `last (1) | length (4) | ciphertext and tag`. Each piece is sealed with AES-256-GCM under nonce prefix, number and
 * `last` (the STREAM construction), with the head as associated data: pieces can be neither dropped, repeated,
 * reordered nor cut off at the end without notice.
 */
const magic = Buffer.from('KYDAIBK1', 'latin1');
const headLength = magic.length + 3 + 32 + 7;
const pieceLength = 1024 * 1024;
const tagLength = 16;

/** Seals a stream of octets with a passphrase. */
export async function* sealStream(
  passphrase: string,
  input: AsyncIterable<Buffer>,
  cost: { readonly logN: number; readonly r: number; readonly p: number } = { logN: 17, r: 8, p: 1 },
): AsyncGenerator<Buffer> {
  const salt = randomBytes(32);
  const prefix = randomBytes(7);
  const head = Buffer.concat([magic, Buffer.of(cost.logN, cost.r, cost.p), salt, prefix]);
  const key = await keyOf(passphrase, head);
  yield head;
  let number = 0;
  const seal = (piece: Buffer, last: boolean): Buffer => {
    const cipher = createCipheriv('aes-256-gcm', key, nonce(head, number++, last));
    cipher.setAAD(head);
    const sealed = Buffer.concat([cipher.update(piece), cipher.final(), cipher.getAuthTag()]);
    const lead = Buffer.alloc(5);
    lead.writeUInt8(last ? 1 : 0, 0);
    lead.writeUInt32BE(sealed.length, 1);
    return Buffer.concat([lead, sealed]);
  };
  let waiting = Buffer.alloc(0);
  for await (const chunk of input) {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length > pieceLength) {
      yield seal(waiting.subarray(0, pieceLength), false);
      waiting = waiting.subarray(pieceLength);
    }
  }
  yield seal(waiting, true);
}

/** Opens what `sealStream` made. @throws ShellError `invalid`: another passphrase, changed, cut off, or no archive */
export async function* openStream(passphrase: string, input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const reader = new Reader(input);
  const head = await reader.take(headLength);
  if (head === undefined || !head.subarray(0, magic.length).equals(magic)) throw broken('is not a backup');
  const key = await keyOf(passphrase, head);
  for (let number = 0; ; number++) {
    const lead = await reader.take(5);
    if (lead === undefined) throw broken('is cut off');
    const last = lead.readUInt8(0) === 1;
    const length = lead.readUInt32BE(1);
    if (length < tagLength || length > pieceLength + tagLength) throw broken('is damaged');
    const sealed = await reader.take(length);
    if (sealed === undefined) throw broken('is cut off');
    const decipher = createDecipheriv('aes-256-gcm', key, nonce(head, number, last));
    decipher.setAAD(head);
    decipher.setAuthTag(sealed.subarray(-tagLength));
    let piece: Buffer;
    try {
      piece = Buffer.concat([decipher.update(sealed.subarray(0, -tagLength)), decipher.final()]);
    } catch (cause) {
      throw broken(number === 0 ? 'is for another passphrase, or damaged' : 'is damaged', cause);
    }
    yield piece;
    if (last) break;
  }
  if ((await reader.take(1)) !== undefined) throw broken('has something after its end');
}

function keyOf(passphrase: string, head: Buffer): Promise<Buffer> {
  const [logN = 0, r = 0, p = 0] = head.subarray(magic.length);
  // What an archive may make us spend is bounded: 512 MiB.
  if (logN < 10 || logN > 20 || r < 1 || r > 8 || p < 1 || p > 4) throw broken('is damaged');
  const N = 2 ** logN;
  const salt = head.subarray(magic.length + 3, magic.length + 35);
  return derive(passphrase.normalize('NFC'), salt, 32, { N, r, p, maxmem: 1024 ** 3 + 1024 ** 2 });
}

function nonce(head: Buffer, number: number, last: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  head.copy(bytes, 0, headLength - 7);
  bytes.writeUInt32BE(number, 7);
  bytes.writeUInt8(last ? 1 : 0, 11);
  return bytes;
}

function broken(what: string, cause?: unknown): ShellError {
  return new ShellError('invalid', `the backup ${what}`, { cause });
}

/** Takes exact numbers of octets from a stream. */
export class Reader {
  readonly #input: AsyncIterator<Buffer>;
  #waiting: Buffer = Buffer.alloc(0);

  constructor(input: AsyncIterable<Buffer>) {
    this.#input = input[Symbol.asyncIterator]();
  }

  /** Exactly so many octets; undefined where the stream ends before. */
  async take(length: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = [this.#waiting];
    let have = this.#waiting.length;
    while (have < length) {
      const { done, value } = await this.#input.next();
      if (done === true) break;
      parts.push(value);
      have += value.length;
    }
    const all = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    if (have < length) {
      this.#waiting = all;
      return undefined;
    }
    this.#waiting = all.subarray(length);
    return all.subarray(0, length);
  }
}
