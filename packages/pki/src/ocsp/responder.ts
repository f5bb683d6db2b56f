import { createHash } from 'node:crypto';
import { holdCredential } from '../authority/credential.ts';
import type { Desk, Issuer } from '../authority/desk.ts';
import { renewalDue } from '../fleet/renewal.ts';
import type { Signer } from '../keys/signer.ts';

/** Who signs answers about an authority's certificates: a delegated responder (RFC 6960 section 4.2.2.2). */
export interface Responder {
  readonly signer: Signer;
  readonly der: Uint8Array;
  /** SHA-1 of its key bits. */
  readonly keyHash: Uint8Array;
}

interface Held extends Responder {
  readonly renewAt: number;
}

interface Making {
  readonly made: Promise<Held>;
  /** Known once it is made. */
  renewAt: number;
}

/** The responders below each authority, renewed in time. */
export class Responders {
  readonly #desk: Desk;
  readonly #making = new Map<string, Making>();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Of many who ask at once the first makes it; what failed is tried again by the next. */
  of(issuer: Issuer): Promise<Responder> {
    const present = this.#making.get(issuer.id);
    if (present !== undefined && this.#desk.clock.now() < present.renewAt) return present.made;
    const making: Making = { made: hold(this.#desk, issuer), renewAt: Number.POSITIVE_INFINITY };
    this.#making.set(issuer.id, making);
    making.made.then(
      ({ renewAt }) => {
        making.renewAt = renewAt;
      },
      () => {
        making.renewAt = 0;
      },
    );
    return making.made;
  }
}

async function hold(desk: Desk, issuer: Issuer): Promise<Held> {
  const { credential, signer } = await holdCredential(desk, {
    purpose: `ocsp-${issuer.id}`,
    profile: `ocsp-responder-${issuer.role}`,
    commonName: `OCSP responder of ${issuer.id}`,
    names: [],
    exportable: false,
    issuer: issuer.id,
  });
  return {
    signer,
    der: Buffer.from(credential.der, 'base64'),
    keyHash: createHash('sha1').update(signer.publicKey.bits).digest(),
    renewAt: renewalDue(credential),
  };
}
