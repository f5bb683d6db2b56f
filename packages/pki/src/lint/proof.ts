import { PkiError } from '../error.ts';
import type { ParsedCertificate } from '../x509/certificate.ts';

/**
 * Says that exactly these bytes passed the lint. Only `lint` makes it and signing spends it.
 *
 * INVARIANT: no certificate is signed whose bytes did not pass every rule, and a proof signs once.
 */
export class LintProof {
  readonly #certificate: ParsedCertificate;
  #isSpent = false;

  /** For `lint` alone. */
  constructor(certificate: ParsedCertificate) {
    this.#certificate = certificate;
  }

  get certificate(): ParsedCertificate {
    return this.#certificate;
  }

  /** For signing alone: the bytes to sign. Throws `proof-spent` for a proof that was used, copied or made up. */
  static spend(proof: LintProof): Uint8Array {
    if (!(#isSpent in proof) || proof.#isSpent) {
      throw new PkiError('proof-spent', 'this proof of lint was used already or never made; lint again');
    }
    proof.#isSpent = true;
    return proof.#certificate.tbs;
  }
}
