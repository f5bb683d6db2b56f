import { PkiError } from '../error.ts';

/** Base64 without a copy of the bytes. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

/** PEM (RFC 7468): 64 columns, one final line end. */
export function toPem(label: string, der: Uint8Array): string {
  const base64 = toBase64(der);
  let text = `-----BEGIN ${label}-----\n`;
  for (let at = 0; at < base64.length; at += 64) text += `${base64.slice(at, at + 64)}\n`;
  return `${text}-----END ${label}-----\n`;
}

/** Every block with this label, in order. Text around the blocks is allowed (RFC 7468 section 2). */
export function fromPem(label: string, text: string): Uint8Array[] {
  const begin = `-----BEGIN ${label}-----`;
  const finish = `-----END ${label}-----`;
  const found: Uint8Array[] = [];
  for (let at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, at)) {
    const stop = text.indexOf(finish, at);
    if (stop < 0) throw new PkiError('malformed-pem', `\`${begin}\` has no \`${finish}\``);
    found.push(strictBase64(text.slice(at + begin.length, stop)));
    at = stop + finish.length;
  }
  return found;
}

/**
 * Base64 (RFC 4648 section 4) with any line breaks and blanks between the characters. Anything else, wrong padding
 * included, is `malformed-pem`: Node would skip it in silence.
 */
export function strictBase64(text: string): Uint8Array {
  const compact = text.replace(/[\r\n\t ]+/g, '');
  const bytes = Buffer.from(compact, 'base64');
  if (compact.length % 4 !== 0 || bytes.toString('base64') !== compact) {
    throw new PkiError(
      'malformed-pem',
      'text is not base64; encode the DER with `openssl base64` or `base64`',
    );
  }
  return bytes;
}
