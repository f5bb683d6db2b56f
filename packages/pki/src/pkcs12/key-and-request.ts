import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { processSigner } from '../keys/signer.ts';
import { encodeSigned } from '../x509/certificate.ts';
import { extension } from '../x509/extension.ts';
import { type GeneralName, textName } from '../x509/general-name.ts';
import { encodeName } from '../x509/name.ts';
import { Oid } from '../x509/oids.ts';
import { toPem } from '../x509/pem.ts';
import { encodeRequestInfo } from '../x509/request.ts';

const generate = promisify(generateKeyPair);

export interface OwnKey {
  /** PKCS#8, DER. */
  readonly privateKey: Uint8Array;
  /** PKCS#10, PEM. */
  readonly request: string;
}

/** A new key and the request for its certificate, made where they are asked for: the key goes over no network. */
export async function makeKeyAndRequest(wanted: {
  readonly subject: string;
  readonly keyType: 'RSA-2048' | 'RSA-3072' | 'EC-P256';
  /** DNS names and addresses. */
  readonly names?: readonly string[];
  readonly emails?: readonly string[];
}): Promise<OwnKey> {
  const { subject, keyType, names = [], emails = [] } = wanted;
  const pair: { privateKey: KeyObject; publicKey: KeyObject } =
    keyType === 'EC-P256'
      ? await generate('ec', { namedCurve: 'P-256' })
      : await generate('rsa', { modulusLength: Number(keyType.slice(4)) });
  const privateKey = pair.privateKey.export({ format: 'der', type: 'pkcs8' });
  const spki = pair.publicKey.export({ format: 'der', type: 'spki' });
  const signer = processSigner(
    'own',
    createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' }),
    spki,
  );
  const alternative: GeneralName[] = [
    ...names.map(textName),
    ...emails.map((text): GeneralName => ({ kind: 'email', text, bytes: Buffer.from(text) })),
  ];
  const info = encodeRequestInfo({
    subject: encodeName([Oid.commonName, subject]),
    publicKey: spki,
    extensions: alternative.length === 0 ? [] : [extension.subjectAltName(alternative, false)],
  });
  const der = encodeSigned(info, signer.algorithm, await signer.sign(info));
  return { privateKey, request: toPem('CERTIFICATE REQUEST', der) };
}
