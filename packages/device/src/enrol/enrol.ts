import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { DeviceError } from '../error.ts';
import { commonNameOf, type Identity, keepIdentity, pemOf } from '../folder/identity.ts';
import { pendingRequest } from '../folder/pending.ts';
import { writeSafely } from '../folder/safe.ts';
import type { DeviceKey } from '../key/create.ts';
import { cacerts, type EstServer, simpleEnrol } from './est.ts';
import { deviceIdPattern } from './request.ts';

export interface EnrolOptions extends EstServer {
  readonly deviceId: string;
  /** The one-time enrolment token. */
  readonly token: string;
  /** Where `identity.pem` and `ca.pem` are kept; made with mode 0700 where it is missing. */
  readonly folder: string;
}

/** The file with the CA certificates that EST handed out. */
export const caPath = (folder: string): string => join(folder, 'ca.pem');

/**
 * The first certificate of a device over EST (RFC 7030 sections 4.1 and 4.2): key and request made and on disk, CA
 * certificates fetched, request sent with the token, answer checked, key and certificate kept together.
 *
 * Throws `enrolment-refused`, `server-unavailable`, `answer-unreadable`, `certificate-wrong` or `input-invalid`. A kill at
 * any moment leaves either no identity or a whole one, and the same call again goes on from there.
 */
export async function enrol(options: EnrolOptions): Promise<Identity> {
  if (!deviceIdPattern.test(options.deviceId)) {
    throw new DeviceError('input-invalid', `\`${options.deviceId.slice(0, 80)}\` is no device id`);
  }
  const request = await pendingRequest(options.folder, options.deviceId);
  const authorities = await cacerts(options);
  const answer = await simpleEnrol(options, request, options);
  const chain = checkedChain(answer, request.key, options.deviceId, authorities, options.ca);
  await writeSafely(caPath(options.folder), authorities.map(pemOf).join(''), 0o644);
  return await keepIdentity(options.folder, request.key, chain);
}

/**
 * The issued certificate and the intermediates above it.
 *
 * INVARIANT: an identity is kept only when the certificate holds our key and our id, and each signature up to a CA
 * that we trusted before is right. Its dates are not judged here: a device's clock may still be unset.
 */
export function checkedChain(
  answer: readonly X509Certificate[],
  key: DeviceKey,
  deviceId: string,
  authorities: readonly X509Certificate[],
  ca: string,
): readonly X509Certificate[] {
  const wrong = (why: string): DeviceError =>
    new DeviceError('certificate-wrong', `the certificate that came back ${why}; report it to the operators`);
  const own = answer.find((certificate) => certificate.checkPrivateKey(key.privateKey));
  if (own === undefined) throw wrong('is for another key');
  if (commonNameOf(own) !== deviceId) throw wrong('names another device');
  if (own.ca) throw wrong('is a ca certificate');
  const trusted = pemBlocks(ca).map((pem) => new X509Certificate(pem));
  const known = [...answer, ...authorities].filter((certificate) => certificate.ca);
  const chain = [own];
  for (let top = own; chain.length <= 6; ) {
    if (trusted.some((anchor) => issued(anchor, top))) return chain;
    const issuer = known.find((candidate) => issued(candidate, top) && !chain.includes(candidate));
    if (issuer === undefined) break;
    chain.push(issuer);
    top = issuer;
    if (trusted.some((anchor) => anchor.fingerprint256 === issuer.fingerprint256)) return chain;
  }
  throw wrong('does not lead to the ca that this device trusts');
}

function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function pemBlocks(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
}
