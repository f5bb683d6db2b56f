import { createPublicKey } from 'node:crypto';
import type { KeyStore } from '@kydai/pki';
import { calculateJwkThumbprint, exportJWK, importPKCS8, type JWK, SignJWT } from 'jose';
import type { SecurityEvent } from './caep.ts';

export interface SetSigner {
  /** The public key, for verifiers. */
  readonly jwk: JWK;
  /** A Security Event Token (RFC 8417), compact. */
  sign(set: {
    readonly issuer: string;
    readonly audience: string;
    readonly jti: string;
    /** Epoch milliseconds. */
    readonly at: number;
    /** What brought several SETs about. */
    readonly transaction?: string;
    readonly event: SecurityEvent;
  }): Promise<string>;
}

/** Signs SETs with the ES256 key `ssf` of the key store, which is made at the first start. */
export async function openSetSigner(keys: KeyStore): Promise<SetSigner> {
  // Exportable inside this process only: jose signs with a key, not with a signing function.
  if ((await keys.open('ssf')) === undefined) await keys.create('ssf', 'EC-P256', { exportable: true });
  const pem = await keys.exportPem('ssf');
  const key = await importPKCS8(pem, 'ES256');
  const bare = await exportJWK(createPublicKey(pem));
  const kid = await calculateJwkThumbprint(bare);
  return {
    jwk: { ...bare, kid, alg: 'ES256', use: 'sig' },
    sign: ({ issuer, audience, jti, at, transaction, event }) =>
      new SignJWT({
        sub_id: event.subject,
        events: { [event.type]: event.claims },
        ...(transaction === undefined ? {} : { txn: transaction }),
      })
        .setProtectedHeader({ alg: 'ES256', typ: 'secevent+jwt', kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setJti(jti)
        .setIssuedAt(Math.floor(at / 1000))
        .sign(key),
  };
}
