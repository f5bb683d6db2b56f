import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto';
import { z } from 'zod';
import { SbomError } from '../error.ts';

/** What in-toto statements are called in an envelope. */
export const statementType = 'application/vnd.in-toto+json';

const Base64 = z
  .string()
  .max(700_000_000)
  .regex(/^[A-Za-z0-9+/_-]*={0,2}$/);

/** A DSSE envelope (secure-systems-lab/dsse v1.0.2); `cert` carries the signer's path, as in-toto's Go library has it. */
export const Envelope = z.object({
  payloadType: z.string().max(200),
  payload: Base64,
  signatures: z
    .array(
      z.object({
        keyid: z.string().max(200).default(''),
        sig: Base64,
        cert: z.string().max(100_000).default(''),
      }),
    )
    .min(1)
    .max(10),
});
export type Envelope = z.infer<typeof Envelope>;

/** A private key and the certificates that lead from it to a root, PEM, the signer's own first. */
export interface Signer {
  readonly keyPem: string;
  readonly chainPem: string;
}

/** Whether a path of certificates is to be trusted now: the signer's name, or why not. */
export type Trust = (
  chain: readonly Uint8Array[],
) => { readonly subject: string } | { readonly fault: string };

/** @throws SbomError `signer` where key and certificate do not belong together */
export function signEnvelope(payload: string, signer: Signer): Envelope {
  const key = readKey(signer.keyPem);
  const [own] = certificatesOf(signer.chainPem);
  if (own === undefined) throw new SbomError('signer', 'the certificate file holds no certificate');
  const certificate = new X509Certificate(own);
  if (!certificate.checkPrivateKey(key))
    throw new SbomError('signer', 'the certificate is not that of the key');
  const bytes = Buffer.from(payload);
  const keyid = createHash('sha256').update(own).digest('hex');
  const sig = signBytes(statementType, bytes, key);
  return {
    payloadType: statementType,
    payload: bytes.toString('base64'),
    signatures: [{ keyid, sig, cert: signer.chainPem }],
  };
}

/**
 * The payload of an envelope and who signed it. Every signature must be good: one that is not is a reason to look, not
 * to pass over.
 *
 * @throws SbomError `attestation`
 */
export function openEnvelope(
  value: unknown,
  trust: Trust,
): { readonly payload: string; readonly signers: readonly string[] } {
  const parsed = Envelope.safeParse(value);
  if (!parsed.success)
    throw wrong(`is no dsse envelope: ${parsed.error.issues[0]?.path.join('.') || 'as a whole'}`);
  const { payloadType, payload, signatures } = parsed.data;
  if (payloadType !== statementType) throw wrong(`has the payload type \`${payloadType}\``);
  const bytes = Buffer.from(payload, 'base64');
  const signers = signatures.map(({ sig, cert }) => {
    const chain = certificatesOf(cert);
    const [own] = chain;
    if (own === undefined) throw wrong('names no certificate of its signer');
    const key = publicKeyOf(own);
    if (!verifyBytes(payloadType, bytes, key, sig)) throw wrong('has a signature that does not fit');
    const trusted = trust(chain);
    if ('fault' in trusted) throw wrong(`is signed by no one who is trusted: ${trusted.fault}`);
    return trusted.subject;
  });
  return { payload: new TextDecoder('utf-8', { fatal: true }).decode(bytes), signers };
}

/** The signature of a payload of a type, Base64. @throws SbomError `signer` for a key of another kind */
export function signBytes(type: string, bytes: Buffer, key: KeyObject): string {
  return sign(digestFor(key), encoded(type, bytes), key).toString('base64');
}

/** @throws SbomError `signer` for a key of another kind */
export function verifyBytes(type: string, bytes: Buffer, key: KeyObject, sig: string): boolean {
  return verify(digestFor(key), encoded(type, bytes), key, Buffer.from(sig, 'base64'));
}

/** The pre-authentication encoding: type and body with their lengths, so that neither can pass for the other. */
function encoded(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${body.length} `), body]);
}

function digestFor(key: KeyObject): string | null {
  if (key.asymmetricKeyType === 'ed25519') return null;
  if (key.asymmetricKeyType === 'ec')
    return key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'sha384' : 'sha256';
  if (key.asymmetricKeyType === 'rsa') return 'sha256';
  throw new SbomError('signer', `keys of the type \`${key.asymmetricKeyType}\` do not sign attestations`);
}

/** @throws SbomError `signer` */
export function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new SbomError('signer', 'the key file holds no private key that can be read', { cause: error });
  }
}

function publicKeyOf(der: Uint8Array): KeyObject {
  try {
    return createPublicKey(new X509Certificate(der).publicKey.export({ type: 'spki', format: 'pem' }));
  } catch (error) {
    throw new SbomError('attestation', 'the attestation names a certificate that cannot be read', {
      cause: error,
    });
  }
}

/** The certificates of a PEM text, DER. */
export function certificatesOf(pem: string): readonly Uint8Array[] {
  return [...pem.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g)]
    .slice(0, 10)
    .map(([, body]) => Buffer.from(body!, 'base64'));
}

function wrong(what: string): SbomError {
  return new SbomError('attestation', `the attestation ${what}`);
}
