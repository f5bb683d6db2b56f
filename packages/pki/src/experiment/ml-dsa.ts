import type { Clock } from '@kydai/contracts';
import { makeIssuer } from '../authority/desk.ts';
import { type Draft, makeCertificate } from '../authority/draft.ts';
import { authorityDraft } from '../authority/hierarchy.ts';
import { accessUrls } from '../authority/urls.ts';
import type { KeyStore } from '../keys/key-store.ts';
import type { ExperimentalKeyType, Signer } from '../keys/signer.ts';
import { type Profile, readProfile } from '../profile/profile.ts';
import { profileOf } from '../profile/profiles.ts';
import { signCrl } from '../sign/sign.ts';
import { crlExtension } from '../x509/crl.ts';
import { textName } from '../x509/general-name.ts';
import { authorityKeyIdentifierOf } from '../x509/key-identifier.ts';
import { encodeName } from '../x509/name.ts';
import { Oid } from '../x509/oids.ts';
import { toPem } from '../x509/pem.ts';

/** What the experiment makes; everything but the key is public. */
export interface MlDsaTrial {
  readonly rootPem: string;
  readonly authorityPem: string;
  readonly devicePem: string;
  /** PKCS#8, PEM. */
  readonly deviceKeyPem: string;
  /** DER. */
  readonly crl: Uint8Array;
}

/**
 * EXPERIMENT. A root, a device authority, a device and a CRL that are signed by ML-DSA (FIPS 204) as RFC 9881 writes it in
 * certificates, so that a city can try what its devices and libraries make of them. Through the same signers, lint and DER
 * as everything else, and apart from it: no profile takes such keys, and nothing is recorded.
 */
export async function tryMlDsa(wanted: {
  readonly keys: KeyStore;
  readonly type: ExperimentalKeyType;
  readonly organization: string;
  readonly publicUrl: string;
  readonly clock: Clock;
}): Promise<MlDsaTrial> {
  const { keys, type, organization, publicUrl, clock } = wanted;
  const urls = accessUrls(publicUrl);
  const now = clock.now();
  const draftOf = (role: 'root' | 'device-ca', { publicKey }: Signer): Draft => {
    const { host } = urls;
    const draft = authorityDraft({ role, generation: 1, organization, host, publicKey, now });
    return { ...draft, profile: withKeys(draft.profile, type) };
  };
  const issuerFrom = async (role: 'root' | 'device-ca', above?: ReturnType<typeof makeIssuer>) => {
    const id = `${role}-1`;
    const signer = await keys.create(id, type);
    const made = await makeCertificate(draftOf(role, signer), above ?? { self: signer, id }, urls);
    const record = { id, role, generation: 1, serial: made.serial, der: made.der, created: now };
    return makeIssuer(record, signer, 0);
  };
  const root = await issuerFrom('root');
  const authority = await issuerFrom('device-ca', root);
  const device = await keys.create('device-1', type, { exportable: true });
  const certificate = await makeCertificate(
    {
      profile: withKeys(profileOf('device'), type),
      subject: 'device-1',
      subjectName: encodeName([Oid.commonName, 'device-1']),
      names: [textName('device-1')],
      publicKey: device.publicKey,
      requester: 'system',
      now,
    },
    authority,
    urls,
  );
  const thisUpdate = Math.floor(now / 1000) * 1000;
  const crl = await signCrl(
    {
      issuer: authority.certificate.subject.der,
      thisUpdate,
      nextUpdate: thisUpdate + 86_400_000,
      entries: [],
      extensions: [authorityKeyIdentifierOf(authority.certificate), crlExtension.number(1)],
    },
    authority.signer,
  );
  return {
    rootPem: toPem('CERTIFICATE', root.der),
    authorityPem: toPem('CERTIFICATE', authority.der),
    devicePem: toPem('CERTIFICATE', Buffer.from(certificate.der, 'base64')),
    deviceKeyPem: await keys.exportPem('device-1'),
    crl,
  };
}

/** The profile with these keys instead of its own. */
function withKeys(profile: Profile, type: ExperimentalKeyType): Profile {
  return readProfile({ ...profile, id: `${profile.id}-experiment`, keyTypes: [type] });
}
