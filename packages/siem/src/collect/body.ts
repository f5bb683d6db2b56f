import { promisify } from 'node:util';
import { gunzip, inflate, inflateRaw, zstdDecompress } from 'node:zlib';
import type { HttpLimits } from './limits.ts';

/** Why a body could not be read, with the HTTP status that says so. */
export interface BodyFault {
  readonly status: 400 | 408 | 413 | 415 | 429;
  readonly reason:
    | 'cut-off'
    | 'body-too-slow'
    | 'body-too-large'
    | 'unknown-encoding'
    | 'bad-encoding'
    | 'busy';
}

export type ReadBody = { readonly body: Buffer; release(): void } | BodyFault;

const decoders = { gunzip: promisify(gunzip), inflate: promisify(inflate), zstd: promisify(zstdDecompress) };
const rawInflate = promisify(inflateRaw);

/**
 * Reads the bodies of one handler. The bytes of all bodies in work together are bounded, so that many senders at once
 * cannot exhaust memory; a sender beyond it is told to come back.
 */
export class BodyReader {
  readonly #limits: HttpLimits;
  #inFlight = 0;
  #slots = 2;
  readonly #waiting: (() => void)[] = [];

  constructor(limits: HttpLimits) {
    this.#limits = limits;
  }

  /**
   * The body, decompressed by its Content-Encoding (identity, gzip, deflate, zstd). Release it when it is done with.
   * Decompression stops at `expandedBytes`, whatever the body claims to be.
   */
  async read(request: Request): Promise<ReadBody> {
    const limits = this.#limits;
    const declared = Number(request.headers.get('content-length') ?? 0);
    if (declared > limits.bodyBytes) return { status: 413, reason: 'body-too-large' };
    const encoding = (request.headers.get('content-encoding') ?? 'identity').trim().toLowerCase();
    if (!['identity', '', 'gzip', 'x-gzip', 'deflate', 'zstd'].includes(encoding)) {
      return { status: 415, reason: 'unknown-encoding' };
    }
    const packed = encoding !== 'identity' && encoding !== '';
    let held = 0;
    const hold = (bytes: number): boolean => {
      if (this.#inFlight + bytes > limits.inFlightBytes) return false;
      this.#inFlight += bytes;
      held += bytes;
      return true;
    };
    const release = (): void => {
      this.#inFlight -= held;
      held = 0;
    };
    const raw = await readStream(request, limits, hold);
    if (!Buffer.isBuffer(raw)) {
      release();
      return raw;
    }
    if (!packed) return { body: raw, release };
    await this.#takeSlot();
    try {
      const body = await expand(raw, encoding, limits.expandedBytes);
      if (!hold(body.length)) {
        release();
        return { status: 429, reason: 'busy' };
      }
      return { body, release };
    } catch (fault) {
      release();
      const code = fault instanceof Error && 'code' in fault ? fault.code : '';
      if (code === 'ERR_BUFFER_TOO_LARGE') return { status: 413, reason: 'body-too-large' };
      return { status: 400, reason: 'bad-encoding' };
    } finally {
      this.#giveSlot();
    }
  }

  /** What a body will expand to is not known before, so only few are expanded at a time; the others wait packed. */
  #takeSlot(): Promise<void> | undefined {
    if (this.#slots > 0) {
      this.#slots--;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #giveSlot(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#slots++;
  }
}

async function readStream(
  request: Request,
  limits: HttpLimits,
  hold: (bytes: number) => boolean,
): Promise<Buffer | BodyFault> {
  if (!request.body) return Buffer.alloc(0);
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    reader.cancel().catch(() => {});
  }, limits.bodyMs);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (late) return { status: 408, reason: 'body-too-slow' };
      if (done) return Buffer.concat(chunks);
      size += value.length;
      const fault: BodyFault | undefined =
        size > limits.bodyBytes
          ? { status: 413, reason: 'body-too-large' }
          : hold(value.length)
            ? undefined
            : { status: 429, reason: 'busy' };
      if (fault) {
        reader.cancel().catch(() => {});
        return fault;
      }
      chunks.push(value);
    }
  } catch {
    return { status: 400, reason: 'cut-off' };
  } finally {
    clearTimeout(timer);
  }
}

async function expand(body: Buffer, encoding: string, maxOutputLength: number): Promise<Buffer> {
  if (encoding === 'zstd') return decoders.zstd(body, { maxOutputLength });
  if (encoding !== 'deflate') return decoders.gunzip(body, { maxOutputLength });
  // RFC 9110 section 8.4.1.2: deflate is the zlib format, but some senders write it without the wrapper.
  const wrapped = body.length > 1 && (body[0]! & 15) === 8 && ((body[0]! << 8) | body[1]!) % 31 === 0;
  return wrapped ? decoders.inflate(body, { maxOutputLength }) : rawInflate(body, { maxOutputLength });
}
