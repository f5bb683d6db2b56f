import { type AuditEntry, type Certificate, type Decision, type Device, write } from '@kydai/contracts';
import { PkiError } from '../error.ts';
import type { Profile } from '../profile/profile.ts';
import { profileOf } from '../profile/profiles.ts';
import { certificates, devices, enrolmentTokens } from '../register/kinds.ts';
import { changeDevice, unknownDevice } from '../register/register.ts';
import { readCertificate } from '../x509/certificate.ts';
import { sameName } from '../x509/name.ts';
import { keyDigest } from '../x509/public-key.ts';
import { readRequest } from '../x509/request.ts';
import { type CheckedRequest, checkRequest } from './check-request.ts';
import type { Desk } from './desk.ts';
import { isCurrent, issueCertificate } from './issue.ts';
import { checkFleet, type Terms } from './terms.ts';
import { findToken } from './token.ts';
import { verifyClient } from './verify-client.ts';

export interface EnrolRequest {
  /** PKCS#10, DER; called once the token is known to be good. */
  readonly csr: () => Uint8Array;
  readonly token: string;
  /** The device id that came beside the token, where one did; it must be the token's. */
  readonly user?: string | undefined;
  /** Where the request came from, for the register. */
  readonly address?: string | undefined;
  readonly terms?: Terms | undefined;
}

export interface RenewRequest {
  /** PKCS#10, DER; called once the certificate is known to be good. */
  readonly csr: () => Uint8Array;
  /** The certificate that the device holds now, DER, proven by the TLS handshake. */
  readonly certificate: Uint8Array;
  readonly address?: string | undefined;
  readonly terms?: Terms | undefined;
}

/**
 * A first certificate for a device with a one-time token. The token is checked before the request is looked at; it is
 * used up in the commit that holds the certificate, so that a kill loses neither or both. Sent again with the same
 * token, a request for the same key and names gets the same certificate, also where it was signed anew: many clients do
 * not keep what they sent, and a binding to the connection changes it.
 */
export async function enrol(desk: Desk, wanted: EnrolRequest): Promise<Certificate> {
  const profile = profileOf('device');
  let first: Awaited<ReturnType<typeof findToken>> | undefined = await findToken(
    desk,
    wanted.token,
    wanted.user,
  );
  const token = first.value;
  const checked = await checkRequest(readRequest(wanted.csr()), profile, wanted.terms);
  if (token.used !== undefined) {
    const given = (await desk.records.get(certificates, token.used.serial))?.value;
    const same =
      given?.keyDigest === keyDigest(checked.request.publicKey) &&
      checked.commonName === given.subject &&
      haveSameNames(given, checked.names);
    if (same && isCurrent(given, desk.clock.now())) return given;
  }
  const requester = `token:${token.id}`;
  return issueCertificate(desk, {
    request: checked.request,
    profile,
    subject: token.device,
    names: checked.names,
    requester,
    actor: requester,
    newKey: token.used === undefined,
    company: async (answers, choose) => {
      const stored = first ?? (await findToken(desk, wanted.token, wanted.user));
      first = undefined;
      const { used } = stored.value;
      if (used !== undefined) {
        // A lost answer: the device asks again with what it asked before.
        const given = answers.find(({ serial }) => serial === used.serial);
        if (given !== undefined && isCurrent(given, desk.clock.now())) {
          choose(profileOf(given.profile));
          return noCompany;
        }
        throw new PkiError('token-used', 'enrolment token was used already; ask an operator for a new one');
      }
      const { device, profile } = await decideFor(
        desk,
        'enrol',
        'token',
        token.device,
        checked,
        wanted.terms,
      );
      choose(profile);
      return (certificate) => {
        const spent = { ...stored.value, used: usedBy(certificate, checked) };
        const seen = changeDevice(device.value, seenAt(certificate.issued, wanted.address));
        return {
          writes: [write.change(enrolmentTokens, spent, stored), write.change(devices, seen, device)],
          audit: [],
          after: () => desk.signals?.publish({ type: 'device', device: seen }),
        };
      };
    },
  });
}

/** A following certificate for a device that holds one: same subject and names (RFC 7030 section 4.2.2). */
export async function renew(desk: Desk, wanted: RenewRequest): Promise<Certificate> {
  const profile = profileOf('device');
  const verdict = await verifyClient(desk, wanted.certificate, desk.renewalGrace);
  if (!verdict.ok) throw new PkiError('certificate-refused', verdict.message);
  const { certificate: held, device: id } = verdict;
  const checked = await checkRequest(readRequest(wanted.csr()), profile, wanted.terms);
  const sameSubject = sameName(checked.request.subject, readCertificate(wanted.certificate).subject);
  if ((!sameSubject && checked.commonName !== id) || !haveSameNames(held, checked.names)) {
    throw new PkiError(
      'subject-mismatch',
      `subject and alternative names must stay as they are: CN=${id}, ${held.names.join(', ')}`,
    );
  }
  return issueCertificate(desk, {
    request: checked.request,
    profile,
    subject: id,
    names: checked.names,
    requester: `certificate:${held.serial}`,
    actor: `device:${id}`,
    newKey: keyDigest(checked.request.publicKey) !== held.keyDigest,
    company: async (_answers, choose) => {
      const { device, profile } = await decideFor(desk, 'renew', 'certificate', id, checked, wanted.terms);
      // After the device was read: a revocation that comes later changes it, and all this is done again.
      const proof = await desk.records.get(certificates, held.serial);
      if (proof?.value.revoked !== undefined)
        throw new PkiError('certificate-refused', 'client certificate was just revoked; enrol again');
      choose(profile);
      return (certificate) => {
        const seen = changeDevice(device.value, seenAt(certificate.issued, wanted.address));
        return {
          writes: [write.change(devices, seen, device)],
          audit: [],
          after: () => desk.signals?.publish({ type: 'device', device: seen }),
        };
      };
    },
  });
}

function haveSameNames(held: Certificate, names: CheckedRequest['names']): boolean {
  const inOrder = (list: readonly string[]): string =>
    list
      .map((name) => name.toLowerCase())
      .sort()
      .join();
  return inOrder(held.names) === inOrder(names.map(({ text }) => text));
}

/** Nothing more to write. */
export const noCompany = (): { writes: []; audit: AuditEntry[] } => ({ writes: [], audit: [] });

function usedBy(certificate: Certificate, checked: CheckedRequest) {
  return { at: certificate.issued, request: checked.request.digest, serial: certificate.serial };
}

function seenAt(now: number, address: string | undefined) {
  return { lastSeen: now, ...(address === undefined ? {} : { address }) };
}

/** What proves a request: a one-time token, our own certificate, a manufacturer's (IDevID), or a person's approval. */
export type ProofKind = 'token' | 'certificate' | 'idevid' | 'approval';

/**
 * Asks the policies which certificate this device may have for this request: a normal one, or else one for a device that
 * is to be looked at (profile `quarantine`), or none. A proof for one id never gets a certificate for another, whatever
 * the policies say.
 */
export async function decideFor(
  desk: Desk,
  action: 'enrol' | 'renew',
  proof: ProofKind,
  provenId: string,
  { commonName, names, request }: CheckedRequest,
  terms: Terms = {},
): Promise<{ device: { value: Device; version: number }; profile: Profile }> {
  const device = await desk.records.get(devices, provenId);
  if (device === undefined) throw unknownDevice(provenId);
  checkFleet(device.value, terms);
  const own = (name: string): boolean => name === provenId || name.endsWith(`.${provenId}`);
  const ask = (profile: string): Decision =>
    desk.decide({
      principal: { type: 'Device', id: provenId },
      action,
      resource: { type: 'Profile', id: profile },
      context: {
        proof,
        provenId,
        requestedId: commonName,
        foreignNames: names.filter(({ text }) => !own(text.toLowerCase())).length,
        keyType: request.publicKey.keyType,
      },
    });
  const decision = ask('device');
  if (commonName !== provenId) {
    throw new PkiError(
      'subject-mismatch',
      `this ${proof} speaks for \`${provenId}\`; ask with /CN=${provenId}`,
    );
  }
  if (decision.allowed) return { device, profile: profileOf('device') };
  // Only what a forbid or a stale fact keeps from a normal certificate is asked again: who has no permit gets nothing.
  if (decision.outcome !== 'not-permitted' && ask('quarantine').allowed)
    return { device, profile: profileOf('quarantine') };
  throw new PkiError('denied', `policy refuses to ${action} \`${provenId}\`: ${why(decision)}`);
}

function why(decision: Decision): string {
  const forbids = decision.determining.filter(({ effect }) => effect === 'forbid');
  if (forbids.length === 0) return 'no policy permits it';
  return forbids.map(({ id, reason }) => reason ?? id).join('; ');
}
