import { PkiError } from '../error.ts';
import { fromPem, strictBase64 } from '../x509/pem.ts';

/**
 * Reads at most `limit` octets of a body and lets go of the rest. `body-too-large` above the limit.
 *
 * A length that was told and is within the limit is one that HTTP/1.1 holds the sender to (RFC 9112 section 6.3): such a
 * body is read whole, which spares it a stream. It is measured all the same.
 */
export async function readBody(request: Request, limit: number): Promise<Uint8Array> {
  const told = request.headers.get('content-length');
  if (Number(told ?? 0) > limit) throw tooLarge(limit);
  if (told !== null && /^[0-9]+$/.test(told) && !request.headers.has('transfer-encoding')) {
    const body = new Uint8Array(await request.arrayBuffer().catch(cutOff));
    if (body.length > limit) throw tooLarge(limit);
    return body;
  }
  if (request.body === null) return new Uint8Array(0);
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(cutOff);
    if (done) return Buffer.concat(chunks);
    length += value.length;
    if (length > limit) {
      await reader.cancel();
      throw tooLarge(limit);
    }
    chunks.push(value);
  }
}

function cutOff(cause: unknown): never {
  throw new PkiError('malformed-request', 'body was cut off; send it again', { cause });
}

function tooLarge(limit: number): PkiError {
  return new PkiError('body-too-large', `body is above ${limit} octets; send one request at a time`);
}

/**
 * DER of the PKCS#10 in an EST body: base64 with any line breaks, whatever Content-Transfer-Encoding says (RFC 8951
 * section 3), and PEM, because that is what `openssl req` prints.
 */
export function decodeRequestBody(body: Uint8Array): Uint8Array {
  if (body.length === 0)
    throw new PkiError('malformed-request', 'body is empty; send a PKCS#10 request in base64');
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1');
  if (!text.includes('-----BEGIN')) return strictBase64(text);
  const [only, ...more] = ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'].flatMap((label) =>
    fromPem(label, text),
  );
  if (only === undefined || more.length > 0) {
    throw new PkiError('malformed-pem', 'body is PEM but not of one CERTIFICATE REQUEST');
  }
  return only;
}

/** Credentials of a request: HTTP Basic (user = device id, password = token; RFC 7617) or Bearer. */
export interface Credentials {
  readonly user?: string;
  readonly token: string;
}

export function readCredentials(header: string | null): Credentials | undefined {
  if (header === null || header.length > 1024) return undefined;
  const [, type = '', value = ''] = /^([A-Za-z]+) +([A-Za-z0-9\-._~+/]+=*) *$/.exec(header) ?? [];
  if (type.toLowerCase() === 'bearer') return { token: value };
  if (type.toLowerCase() !== 'basic') return undefined;
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), token: text.slice(colon + 1) };
}
