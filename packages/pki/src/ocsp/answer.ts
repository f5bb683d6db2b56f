import type { Desk, Issuer } from '../authority/desk.ts';
import { PkiError } from '../error.ts';
import { certificates } from '../register/kinds.ts';
import { signOcspResponse } from '../sign/sign.ts';
import { type CertId, type OcspRequest, readOcspRequest } from '../x509/ocsp-request.ts';
import { type CertificateState, encodeOcspError, type SingleResponse } from '../x509/ocsp-response.ts';
import { Oid } from '../x509/oids.ts';
import { answerLifetime, type KeptAnswer, KeptAnswers, sameState } from './kept.ts';
import { Responders } from './responder.ts';

/**
 * What a nonce gets: `echo` signs an answer for it alone; `omit` gives the answer that was signed ahead, without a nonce,
 * which a client must put up with (RFC 9654 section 2.1) and which no flood can make dear.
 */
export type NoncePolicy = 'echo' | 'omit';

/** Answers that are signed at a time for those who wait; who comes then hears `tryLater`. */
const mostAtOnce = 64;
/** Answers that are signed ahead in one round. */
const mostAhead = 500;

/**
 * Answers about certificates by what the records say at this moment, signed by a responder below each authority. What was
 * asked for once is signed ahead while it is asked for, so that an answer seldom waits for a signature.
 */
export class OcspResponder {
  readonly #desk: Desk;
  readonly #nonces: NoncePolicy;
  readonly #kept = new KeptAnswers();
  readonly #responders: Responders;
  #revocations = 0;
  #signing = 0;

  constructor(desk: Desk, nonces: NoncePolicy = 'echo') {
    this.#desk = desk;
    this.#nonces = nonces;
    this.#responders = new Responders(desk);
  }

  /**
   * DER of the response. Never rejects for what the client sent: that is an answer too (RFC 6960 section 2.3). `tryLater`
   * while more are asked for at once than are signed, or while the key cannot be reached.
   */
  async answer(requestDer: Uint8Array): Promise<Uint8Array> {
    let request: OcspRequest;
    try {
      request = readOcspRequest(requestDer);
    } catch (error) {
      if (!(error instanceof PkiError)) throw error;
      return encodeOcspError('malformedRequest');
    }
    const [only, ...more] = request.certIds;
    const issuer = this.#issuerOf(only!);
    // An answer must hold a SingleResponse for each that was asked about (RFC 6960 section 4.2.2.3), and its one signer be
    // issued by the authority of each (section 4.2.2.2): for two authorities no answer can be authoritative (section 2.3).
    if (issuer === undefined || more.some((certId) => this.#issuerOf(certId) !== issuer))
      return encodeOcspError('unauthorized');
    const asked = this.#nonces === 'omit' ? { certIds: request.certIds } : request;
    if (asked.nonce !== undefined || more.length > 0)
      return (await this.#signNow(asked, issuer))?.der ?? encodeOcspError('tryLater');
    return this.#again(only!, issuer);
  }

  /** The certificate was revoked: what was signed about it is not given again. */
  changed(serial: string): void {
    this.#revocations++;
    this.#kept.forget(serial);
  }

  /**
   * One round of signing ahead: responders are made and renewed in time, and answers that are asked for are signed anew
   * before they end. Resolves to the number signed; rejects when the key cannot be reached.
   */
  async tend(): Promise<number> {
    for (const issuer of this.#desk.issuers.values()) {
      if (issuer.role !== 'root' && this.#desk.clock.now() < issuer.certificate.notAfter)
        await this.#responders.of(issuer);
    }
    const due = this.#kept.due(this.#desk.clock.now(), mostAhead);
    for (const kept of due) {
      const issuer = this.#desk.issuers.get(kept.issuer);
      if (issuer !== undefined) await this.#keep(kept.certId, issuer, kept.asked);
    }
    return due.length;
  }

  /** Answers about an authority's certificates that are ready, and when the oldest of them was signed. */
  kept(issuer: string): { readonly answers: number; readonly oldestAnswer: number | null } {
    return this.#kept.count(issuer, this.#desk.clock.now());
  }

  /** For one certificate without a nonce: what was signed before, while it is still true. */
  async #again(certId: CertId, issuer: Issuer): Promise<Uint8Array> {
    const now = this.#desk.clock.now();
    const kept = this.#kept.get(certId, now);
    if (kept !== undefined) {
      const given = await this.#stillTrue(kept, issuer, now);
      if (given !== undefined && !this.#kept.isDue(kept, now)) return given;
      const fresh = await this.#signAndKeep(certId, issuer);
      if (fresh !== undefined) return fresh;
      // What was signed before is still better than nothing, unless a revocation came meanwhile.
      if (given !== undefined && this.#kept.get(certId, now) !== undefined) return given;
      return encodeOcspError('tryLater');
    }
    return (await this.#signAndKeep(certId, issuer)) ?? encodeOcspError('tryLater');
  }

  async #stillTrue(kept: KeptAnswer, issuer: Issuer, now: number): Promise<Uint8Array | undefined> {
    const { certId, der, status } = kept;
    if (this.#kept.isFresh(kept, now)) {
      if (now - kept.asked > 60_000) this.#kept.put({ ...kept, asked: now });
      return der;
    }
    const before = this.#revocations;
    if (!sameState(await this.#statusOf(certId, issuer), status)) return undefined;
    if (before === this.#revocations) this.#kept.put({ ...kept, checked: now, asked: now });
    return der;
  }

  /** Undefined while too many wait for a signature, or the key cannot be reached. */
  async #signAndKeep(certId: CertId, issuer: Issuer): Promise<Uint8Array | undefined> {
    return this.#bounded(() => this.#keep(certId, issuer, this.#desk.clock.now()));
  }

  async #signNow(request: Asked, issuer: Issuer) {
    return this.#bounded(() => this.#sign(request, issuer));
  }

  async #bounded<T>(act: () => Promise<T>): Promise<T | undefined> {
    if (this.#signing >= mostAtOnce) return undefined;
    this.#signing++;
    try {
      return await act();
    } catch (error) {
      if (error instanceof PkiError && (error.code === 'key-unavailable' || error.code === 'busy'))
        return undefined;
      throw error;
    } finally {
      this.#signing--;
    }
  }

  async #keep(certId: CertId, issuer: Issuer, asked: number): Promise<Uint8Array> {
    const now = this.#desk.clock.now();
    const before = this.#revocations;
    const { der, states } = await this.#sign({ certIds: [certId] }, issuer);
    const status = states[0]!;
    // A revocation that came while this was signed must not be hidden by it; strangers' serials are not worth keeping.
    if (before !== this.#revocations || status.state === 'unknown') return der;
    const issuerId = issuer.id;
    const kept = this.#kept.owned({ certId, issuer: issuerId, der, status, made: now, checked: now, asked });
    this.#kept.put(kept);
    return kept.der;
  }

  async #sign(request: Asked, issuer: Issuer): Promise<{ der: Uint8Array; states: CertificateState[] }> {
    const now = Math.floor(this.#desk.clock.now() / 1000) * 1000;
    const responses: SingleResponse[] = [];
    for (const certId of request.certIds) {
      const status = await this.#statusOf(certId, issuer);
      responses.push({ certId: certId.der, status, thisUpdate: now, nextUpdate: now + answerLifetime });
    }
    const { signer, der: certificate, keyHash } = await this.#responders.of(issuer);
    const { nonce } = request;
    const der = await signOcspResponse(
      {
        responderKeyHash: keyHash,
        producedAt: now,
        responses,
        extensions: nonce === undefined ? [] : [{ oid: Oid.ocspNonce, critical: false, value: nonce }],
      },
      signer,
      certificate,
    );
    return { der, states: responses.map(({ status }) => status) };
  }

  #issuerOf(certId: CertId): Issuer | undefined {
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    const name = `${certId.hash}:${hex(certId.issuerNameHash)}:${hex(certId.issuerKeyHash)}`;
    for (const issuer of this.#desk.issuers.values()) {
      if (issuer.role !== 'root' && issuer.ocspNames.includes(name)) return issuer;
    }
    return undefined;
  }

  async #statusOf(certId: CertId, issuer: Issuer): Promise<CertificateState> {
    const record = (await this.#desk.records.get(certificates, certId.serial))?.value;
    if (record === undefined || record.issuer !== issuer.id) return { state: 'unknown' };
    if (record.revoked === undefined) return { state: 'good' };
    return { state: 'revoked', at: record.revoked.at, reason: record.revoked.reason };
  }
}

type Asked = Pick<OcspRequest, 'certIds' | 'nonce'>;
