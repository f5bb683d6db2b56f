import { DeviceError } from '../error.ts';

/** One DER element: its tag octet, its contents, and the whole of it. */
export interface Element {
  readonly tag: number;
  readonly contents: Buffer;
  readonly whole: Buffer;
}

/**
 * Splits octets into the elements that stand side by side in them. Every length is checked against what is there;
 * indefinite lengths and tag numbers above 30 are refused. At most 1,000 elements.
 */
export function elements(octets: Buffer): Element[] {
  const found: Element[] = [];
  let at = 0;
  while (at < octets.length) {
    if (found.length === 1000) throw unreadable();
    const tag = octets[at]!;
    let size = octets[at + 1] ?? 0xff;
    let start = at + 2;
    if ((tag & 0x1f) === 0x1f) throw unreadable();
    if (size >= 0x80) {
      const count = size & 0x7f;
      if (count === 0 || count > 4 || start + count > octets.length) throw unreadable();
      size = octets.readUIntBE(start, count);
      start += count;
    }
    if (start + size > octets.length) throw unreadable();
    found.push({
      tag,
      contents: octets.subarray(start, start + size),
      whole: octets.subarray(at, start + size),
    });
    at = start + size;
  }
  return found;
}

const signedData = '2a864886f70d010702';

/**
 * The certificates of a certs-only CMS message (RFC 5652 section 5.1, as RFC 7030 sections 4.1.3 and 4.2.3 use it), each
 * as DER, in the order of the message. Throws `answer-unreadable`.
 */
export function certificatesOf(message: Buffer): Buffer[] {
  const [contentInfo, ...after] = elements(message);
  if (contentInfo?.tag !== 0x30 || after.length > 0) throw unreadable();
  const [type, wrapped] = elements(contentInfo.contents);
  if (type?.tag !== 0x06 || type.contents.toString('hex') !== signedData || wrapped?.tag !== 0xa0)
    throw unreadable();
  const [signed] = elements(wrapped.contents);
  if (signed?.tag !== 0x30) throw unreadable();
  const listed = elements(signed.contents).find(({ tag }) => tag === 0xa0);
  const certificates = (listed === undefined ? [] : elements(listed.contents)).filter(
    ({ tag }) => tag === 0x30,
  );
  if (certificates.length === 0)
    throw new DeviceError('answer-unreadable', 'the answer holds no certificate');
  return certificates.map(({ whole }) => whole);
}

function unreadable(): DeviceError {
  return new DeviceError('answer-unreadable', 'the answer is not a pkcs #7 message in der');
}
