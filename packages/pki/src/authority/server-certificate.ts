import { certificates } from '../register/kinds.ts';
import { textName } from '../x509/general-name.ts';
import { holdCredential } from './credential.ts';
import { type Desk, issuerOf, pemOf, proofOf } from './desk.ts';

/** Key and chain of our own TLS listener, PEM; renewed when due. */
export async function serverCertificate(desk: Desk, names: readonly string[]) {
  const { credential, keyId } = await holdCredential(desk, {
    purpose: 'server',
    profile: 'service',
    commonName: 'kydai',
    names: names.map(textName),
    exportable: true,
  });
  const record = (await desk.records.get(certificates, credential.serial))?.value;
  const service = issuerOf(desk, record?.issuer ?? 'service-ca');
  return {
    keyPem: await desk.keys.exportPem(keyId),
    chainPem: pemOf([Buffer.from(credential.der, 'base64'), ...proofOf(desk, service)]),
    notAfter: credential.notAfter,
  };
}
