import { write } from '@kydai/contracts';
import { renewalDue } from '../fleet/renewal.ts';
import type { Signer } from '../keys/signer.ts';
import { profileOf } from '../profile/profiles.ts';
import { type Credential, certificates, credentials } from '../register/kinds.ts';
import { retryOnConflict } from '../register/retry.ts';
import type { GeneralName } from '../x509/general-name.ts';
import { encodeName } from '../x509/name.ts';
import { Oid } from '../x509/oids.ts';
import { type Desk, issuerOf, publishCertificate } from './desk.ts';
import { makeCertificate } from './draft.ts';

export interface HeldCredential {
  readonly credential: Credential;
  /** Name of its key in the key store. */
  readonly keyId: string;
  readonly signer: Signer;
}

export interface CredentialWish {
  /** Lower-case words with hyphens; names the key too. */
  readonly purpose: string;
  readonly profile: string;
  readonly commonName: string;
  readonly names: readonly GeneralName[];
  readonly exportable: boolean;
  /** Id of the authority that issues it; the newest of the profile's role unless told. */
  readonly issuer?: string;
}

/**
 * A certificate whose key we hold, renewed with a new key when its renewal window begins or when its names change. The
 * key is on disk before the record speaks of it; a key that a kill left without a record is taken up again.
 */
export async function holdCredential(desk: Desk, wish: CredentialWish): Promise<HeldCredential> {
  const texts = wish.names.map(({ text }) => text);
  let spare: string | undefined;
  const held = await retryOnConflict(async () => {
    const now = desk.clock.now();
    const stored = await desk.records.get(credentials, wish.purpose);
    if (stored !== undefined && isGood(stored.value, texts, now)) {
      const keyId = keyName(stored.value);
      const signer = await desk.keys.open(keyId);
      if (signer !== undefined) return { credential: stored.value, keyId, signer };
    }
    const issuer = issuerOf(desk, wish.issuer ?? profileOf(wish.profile).issuer);
    const generation = (stored?.value.generation ?? 0) + 1;
    const keyId = keyName({ purpose: wish.purpose, generation });
    const signer =
      (await desk.keys.open(keyId)) ??
      (await desk.keys.create(keyId, 'EC-P256', { exportable: wish.exportable }));
    const certificate = await makeCertificate(
      {
        profile: profileOf(wish.profile),
        subject: wish.commonName,
        subjectName: encodeName([Oid.commonName, wish.commonName]),
        names: wish.names,
        publicKey: signer.publicKey,
        requester: 'system',
        now,
      },
      issuer,
      desk.urls,
    );
    const { serial, notBefore, notAfter, der } = certificate;
    const credential = { purpose: wish.purpose, generation, serial, names: texts, notBefore, notAfter, der };
    await desk.records.commit(
      [
        write.insert(certificates, certificate),
        stored === undefined
          ? write.insert(credentials, credential)
          : write.update(credentials, credential, stored.version),
      ],
      [
        {
          at: now,
          actor: 'system',
          action: 'certificate.issue',
          target: `certificate:${serial}`,
          detail: {
            subject: wish.commonName,
            profile: wish.profile,
            issuer: issuer.id,
            purpose: wish.purpose,
          },
        },
      ],
    );
    publishCertificate(desk, certificate);
    spare = stored === undefined ? undefined : keyName(stored.value);
    return { credential, keyId, signer };
  });
  if (spare !== undefined) await desk.keys.remove(spare);
  return held;
}

function isGood(credential: Credential, names: readonly string[], now: number): boolean {
  return now < renewalDue(credential) && credential.names.join() === names.join();
}

function keyName({ purpose, generation }: { readonly purpose: string; readonly generation: number }): string {
  return `${purpose}-${generation}`;
}
