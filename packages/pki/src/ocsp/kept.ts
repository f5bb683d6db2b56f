import type { CertId } from '../x509/ocsp-request.ts';
import type { CertificateState } from '../x509/ocsp-response.ts';

export interface KeptAnswer {
  readonly certId: CertId;
  /** Id of the authority that it is about. */
  readonly issuer: string;
  readonly der: Uint8Array;
  readonly status: CertificateState;
  /** When it was signed. */
  readonly made: number;
  /** When the records were last seen to agree with it. */
  readonly checked: number;
  /** When somebody asked for it last. */
  readonly asked: number;
}

/** How long clients may rely on an answer. Short: a revocation must be seen soon by those who keep answers. */
export const answerLifetime = 600_000;
/** An answer is signed anew after this long, well before clients stop believing it. */
const mostAge = answerLifetime / 2;
/** The last minute of an answer is not given away: clocks differ and answers travel. */
const margin = 60_000;
/** Within this time an answer is given without looking at the records: what another process revoked is seen later by so much. */
const unseen = 1000;
/** An answer that nobody asked for in this long is not signed ahead any more. */
const remembered = 3_600_000;
/** As many as one round of 500 each five seconds signs anew while they are young: what is kept is always ready. */
const mostKept = 30_000;

/**
 * Answers that were signed before and may be given again: no nonce, one certificate, the state unchanged. A revocation
 * in this process removes them at once.
 */
export class KeptAnswers {
  /** By serial, then by the CertID as it was asked (SHA-1 and SHA-256 names differ); what was signed last stands last. */
  readonly #bySerial = new Map<string, Map<string, KeptAnswer>>();
  /** Hashes of our authorities, one copy of each. */
  readonly #hashes = new Map<string, Uint8Array>();

  /** An answer that clients still believe. */
  get(certId: CertId, now: number): KeptAnswer | undefined {
    const kept = this.#bySerial.get(certId.serial)?.get(nameOf(certId));
    return kept !== undefined && now - kept.made < answerLifetime - margin && now >= kept.made
      ? kept
      : undefined;
  }

  /**
   * The answer in octets of its own: those that came in and those that were just written lie in larger buffers, which a
   * kept piece would hold ten times its size of.
   */
  owned(answer: KeptAnswer): KeptAnswer {
    const { certId, der } = answer;
    const shared = (hash: Uint8Array): Uint8Array => {
      const name = Buffer.from(hash).toString('latin1');
      const known = this.#hashes.get(name) ?? Uint8Array.from(hash);
      this.#hashes.set(name, known);
      return known;
    };
    return {
      ...answer,
      der: Uint8Array.from(der),
      certId: {
        ...certId,
        der: Uint8Array.from(certId.der),
        issuerNameHash: shared(certId.issuerNameHash),
        issuerKeyHash: shared(certId.issuerKeyHash),
      },
    };
  }

  /** Whether it may be given without looking at the records again. */
  isFresh(kept: KeptAnswer, now: number): boolean {
    return now - kept.checked < unseen;
  }

  /** Whether it is old enough to be signed anew. */
  isDue(kept: KeptAnswer, now: number): boolean {
    return now - kept.made >= mostAge;
  }

  put(answer: KeptAnswer): void {
    const { serial } = answer.certId;
    if (this.#bySerial.size >= mostKept) {
      // The oldest half: a Map keeps the order in which its keys came.
      let left = mostKept / 2;
      for (const old of this.#bySerial.keys()) {
        if (left-- <= 0) break;
        this.#bySerial.delete(old);
      }
    }
    const answers = this.#bySerial.get(serial) ?? new Map<string, KeptAnswer>();
    const name = nameOf(answer.certId);
    const before = answers.get(name);
    if (before !== undefined || answers.size < 4) answers.set(name, answer);
    if (before?.made !== answer.made) this.#bySerial.delete(serial);
    this.#bySerial.set(serial, answers);
  }

  forget(serial: string): void {
    this.#bySerial.delete(serial);
  }

  /** Answers to sign anew, those first that were signed first. What nobody asks for any more is let go. */
  due(now: number, most: number): KeptAnswer[] {
    const found: KeptAnswer[] = [];
    for (const [serial, answers] of this.#bySerial) {
      if (found.length >= most) break;
      for (const [name, kept] of answers) {
        if (now - kept.asked >= remembered) answers.delete(name);
        else if (this.isDue(kept, now)) found.push(kept);
      }
      if (answers.size === 0) this.#bySerial.delete(serial);
    }
    return found;
  }

  /** How many answers about an authority's certificates are kept that clients believe, and when the oldest was signed. */
  count(issuer: string, now: number): { readonly answers: number; readonly oldestAnswer: number | null } {
    let answers = 0;
    let oldestAnswer: number | null = null;
    for (const kept of this.#each()) {
      if (kept.issuer !== issuer || now - kept.made >= answerLifetime) continue;
      answers++;
      oldestAnswer = Math.min(oldestAnswer ?? kept.made, kept.made);
    }
    return { answers, oldestAnswer };
  }

  *#each(): Generator<KeptAnswer> {
    for (const answers of this.#bySerial.values()) yield* answers.values();
  }
}

function nameOf({ der }: CertId): string {
  return Buffer.from(der).toString('latin1');
}

export function sameState(left: CertificateState, right: CertificateState): boolean {
  if (left.state !== right.state) return false;
  return (
    left.state !== 'revoked' ||
    right.state !== 'revoked' ||
    (left.at === right.at && left.reason === right.reason)
  );
}
