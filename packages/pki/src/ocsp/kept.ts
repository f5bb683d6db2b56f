import type { CertificateState } from '../x509/ocsp-response.ts';

export interface KeptAnswer {
  readonly der: Uint8Array;
  readonly status: CertificateState;
  /** When it was signed. */
  readonly made: number;
  /** When the records were last seen to agree with it. */
  readonly checked: number;
}

/** An answer is signed anew after this long, well before clients stop believing it. */
const mostAge = 300_000;
/** Within this time an answer is given without looking at the records: what another process revoked is seen later by so much. */
const unseen = 1000;
const mostKept = 20_000;

/**
 * Answers that were signed before and may be given again: no nonce, one certificate, the state unchanged. A revocation
 * in this process removes them at once.
 */
export class KeptAnswers {
  /** By serial, then by the CertID as it was asked (SHA-1 and SHA-256 names differ). */
  readonly #bySerial = new Map<string, Map<string, KeptAnswer>>();

  get(serial: string, certId: string, now: number): KeptAnswer | undefined {
    const kept = this.#bySerial.get(serial)?.get(certId);
    return kept !== undefined && now - kept.made < mostAge && now >= kept.made ? kept : undefined;
  }

  /** Whether it may be given without looking at the records again. */
  isFresh(kept: KeptAnswer, now: number): boolean {
    return now - kept.checked < unseen;
  }

  put(serial: string, certId: string, answer: KeptAnswer): void {
    if (this.#bySerial.size >= mostKept) {
      // The oldest half: a Map keeps the order in which its keys came.
      let left = mostKept / 2;
      for (const old of this.#bySerial.keys()) {
        if (left-- <= 0) break;
        this.#bySerial.delete(old);
      }
    }
    const answers = this.#bySerial.get(serial) ?? new Map<string, KeptAnswer>();
    if (answers.has(certId) || answers.size < 4) answers.set(certId, answer);
    this.#bySerial.set(serial, answers);
  }

  forget(serial: string): void {
    this.#bySerial.delete(serial);
  }
}

export function sameState(left: CertificateState, right: CertificateState): boolean {
  if (left.state !== right.state) return false;
  return (
    left.state !== 'revoked' ||
    right.state !== 'revoked' ||
    (left.at === right.at && left.reason === right.reason)
  );
}
