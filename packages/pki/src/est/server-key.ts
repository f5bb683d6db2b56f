import { generateKeyPair, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { checkBinding, type Terms } from '../authority/terms.ts';
import { encodeSigned } from '../x509/certificate.ts';
import { encodeRequestInfo, readRequest } from '../x509/request.ts';

const generate = promisify(generateKeyPair);

/**
 * The same request with a P-256 key that we made, for devices that cannot make one (RFC 7030 section 4.4). Key and
 * signature of the request that came are not looked at, as that section demands; subject and extensions stay, and a
 * binding to the connection is held to the terms. Attributes that ask for the key to be encrypted once more (sections
 * 4.4.1.1 and 4.4.1.2) are refused by name like all that is not granted: who asks gets no key that is not.
 */
export async function requestWithOwnKey(
  der: Uint8Array,
  terms: Terms,
): Promise<{ csr: Uint8Array; pkcs8: Uint8Array }> {
  const { subject, extensions, challengePassword } = readRequest(der);
  checkBinding(challengePassword, terms);
  const { privateKey, publicKey } = await generate('ec', { namedCurve: 'P-256' });
  const info = encodeRequestInfo({
    subject: subject.der,
    publicKey: publicKey.export({ format: 'der', type: 'spki' }),
    extensions,
  });
  return {
    csr: encodeSigned(info, 'ecdsa-sha256', sign('sha256', info, privateKey)),
    pkcs8: privateKey.export({ format: 'der', type: 'pkcs8' }),
  };
}

/** The two parts of the answer (RFC 7030 section 4.4.2): the private key, then the certificate, both base64. */
export function keyAndCertificate(pkcs8: Uint8Array, certsOnly: Uint8Array): Response {
  const boundary = 'kydai-est-part';
  const part = (type: string, der: Uint8Array): string =>
    `--${boundary}\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: base64\r\n\r\n` +
    `${Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\r\n')}\r\n`;
  const body =
    part('application/pkcs8', pkcs8) +
    part('application/pkcs7-mime; smime-type=certs-only', certsOnly) +
    `--${boundary}--\r\n`;
  return new Response(body, {
    headers: { 'content-type': `multipart/mixed; boundary=${boundary}`, 'cache-control': 'no-store' },
  });
}
