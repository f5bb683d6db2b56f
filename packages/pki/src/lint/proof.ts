import { PkiError } from '../error.ts';
import type { ParsedCertificate } from '../x509/certificate.ts';

/**
 * Says that exactly these bytes passed the lint. Only `lint` makes it and signing spends it.
 *
 * INVARIANT: no certificate is signed whose bytes did not pass every rule, and a proof signs once.
 */
export interface LintProof {
  readonly tbs: Uint8Array;
  readonly certificate: ParsedCertificate;
}

const unspent = new WeakSet<LintProof>();

/** For `lint` alone. */
export function makeProof(certificate: ParsedCertificate): LintProof {
  const proof = Object.freeze({ tbs: certificate.tbs, certificate });
  unspent.add(proof);
  return proof;
}

/** For signing alone: throws `proof-spent` for a proof that was used, copied or made up. */
export function spendProof(proof: LintProof): void {
  if (!unspent.delete(proof)) {
    throw new PkiError('proof-spent', 'this proof of lint was used already or never made; lint again');
  }
}
