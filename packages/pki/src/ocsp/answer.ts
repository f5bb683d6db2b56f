import { createHash } from 'node:crypto';
import { type HeldCredential, holdCredential } from '../authority/credential.ts';
import type { Desk, Issuer } from '../authority/desk.ts';
import { PkiError } from '../error.ts';
import { renewalDue } from '../fleet/renewal.ts';
import { certificates } from '../register/kinds.ts';
import { signOcspResponse } from '../sign/sign.ts';
import { type CertId, type OcspRequest, readOcspRequest } from '../x509/ocsp-request.ts';
import { type CertificateState, encodeOcspError, type SingleResponse } from '../x509/ocsp-response.ts';
import { Oid } from '../x509/oids.ts';
import { KeptAnswers, sameState } from './kept.ts';

/** How long clients may rely on an answer. Short: a revocation must be seen soon by those who keep answers. */
const answerLifetime = 600_000;

interface Responder {
  readonly held: HeldCredential;
  readonly der: Uint8Array;
  readonly keyHash: Uint8Array;
  readonly renewAt: number;
}

/** Answers about certificates by what the records say at this moment, signed by a responder below each authority. */
export class OcspResponder {
  readonly #desk: Desk;
  readonly #kept = new KeptAnswers();
  #revocations = 0;
  readonly #responders = new Map<string, Promise<Responder>>();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** DER of the response. Never rejects for what the client sent: that is an answer too (RFC 6960 section 2.3). */
  async answer(requestDer: Uint8Array): Promise<Uint8Array> {
    let request: OcspRequest;
    try {
      request = readOcspRequest(requestDer);
    } catch (error) {
      if (!(error instanceof PkiError)) throw error;
      return encodeOcspError('malformedRequest');
    }
    const issuer = this.#issuerOf(request.certIds[0]!);
    if (issuer === undefined) return encodeOcspError('unauthorized');
    const [only, ...more] = request.certIds;
    if (request.nonce !== undefined || more.length > 0) return (await this.#sign(request, issuer)).der;
    return this.#again(only!, issuer);
  }

  /** The certificate was revoked: what was signed about it is not given again. */
  changed(serial: string): void {
    this.#revocations++;
    this.#kept.forget(serial);
  }

  /** For one certificate without a nonce: what was signed before, while it is still true. */
  async #again(certId: CertId, issuer: Issuer): Promise<Uint8Array> {
    const now = this.#desk.clock.now();
    const name = Buffer.from(certId.der).toString('latin1');
    const kept = this.#kept.get(certId.serial, name, now);
    if (kept !== undefined && this.#kept.isFresh(kept, now)) return kept.der;
    const before = this.#revocations;
    if (kept !== undefined && sameState(await this.#statusOf(certId, issuer), kept.status)) {
      if (before === this.#revocations) this.#kept.put(certId.serial, name, { ...kept, checked: now });
      return kept.der;
    }
    const { der, states } = await this.#sign({ certIds: [certId] }, issuer);
    const [status] = states;
    // A revocation that came while this was signed must not be hidden by it; strangers' serials are not worth keeping.
    if (before === this.#revocations && status!.state !== 'unknown') {
      this.#kept.put(certId.serial, name, { der, status: status!, made: now, checked: now });
    }
    return der;
  }

  async #sign(
    request: OcspRequest,
    issuer: Issuer,
  ): Promise<{ der: Uint8Array; states: CertificateState[] }> {
    const now = Math.floor(this.#desk.clock.now() / 1000) * 1000;
    const responses: SingleResponse[] = [];
    for (const certId of request.certIds) {
      const status = await this.#statusOf(certId, issuer);
      responses.push({ certId: certId.der, status, thisUpdate: now, nextUpdate: now + answerLifetime });
    }
    const responder = await this.#responderOf(issuer);
    const { nonce } = request;
    const der = await signOcspResponse(
      {
        responderKeyHash: responder.keyHash,
        producedAt: now,
        responses,
        extensions: nonce === undefined ? [] : [{ oid: Oid.ocspNonce, critical: false, value: nonce }],
      },
      responder.held.signer,
      responder.der,
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
    if (this.#issuerOf(certId) !== issuer) return { state: 'unknown' };
    const record = (await this.#desk.records.get(certificates, certId.serial))?.value;
    if (record === undefined || record.issuer !== issuer.id) return { state: 'unknown' };
    if (record.revoked === undefined) return { state: 'good' };
    return { state: 'revoked', at: record.revoked.at, reason: record.revoked.reason };
  }

  async #responderOf(issuer: Issuer): Promise<Responder> {
    const present = await this.#responders.get(issuer.id)?.catch(() => undefined);
    if (present !== undefined && this.#desk.clock.now() < present.renewAt) return present;
    const making = makeResponder(this.#desk, issuer);
    this.#responders.set(issuer.id, making);
    return making;
  }
}

async function makeResponder(desk: Desk, issuer: Issuer): Promise<Responder> {
  const held = await holdCredential(desk, {
    purpose: `ocsp-${issuer.id}`,
    profile: `ocsp-responder-${issuer.role}`,
    commonName: `OCSP responder of ${issuer.id}`,
    names: [],
    exportable: false,
    issuer: issuer.id,
  });
  return {
    held,
    der: Buffer.from(held.credential.der, 'base64'),
    keyHash: createHash('sha1').update(held.signer.publicKey.bits).digest(),
    renewAt: renewalDue(held.credential),
  };
}
