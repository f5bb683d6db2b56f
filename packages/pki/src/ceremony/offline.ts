import type { Clock, RevocationReason } from '@kydai/contracts';
import { type Issuer, makeIssuer } from '../authority/desk.ts';
import { makeCertificate } from '../authority/draft.ts';
import { authorityDraft, authorityName } from '../authority/hierarchy.ts';
import { accessUrls } from '../authority/urls.ts';
import { PkiError } from '../error.ts';
import type { KeyStore } from '../keys/key-store.ts';
import { signCrl } from '../sign/sign.ts';
import { encodeSigned, readCertificate } from '../x509/certificate.ts';
import { crlExtension } from '../x509/crl.ts';
import { authorityKeyIdentifierOf } from '../x509/key-identifier.ts';
import { attributesOf } from '../x509/name.ts';
import { Oid } from '../x509/oids.ts';
import { fromPem, toPem } from '../x509/pem.ts';
import { readPublicKey } from '../x509/public-key.ts';
import { encodeRequestInfo, readRequest, verifyRequest } from '../x509/request.ts';

/** A machine without a network, with a key folder of its own. Everything that goes in and out is text on a stick. */
export interface Ceremony {
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly organization: string;
  /** The same as of the running server: the certificates point there. */
  readonly publicUrl: string;
}

export type IssuingRole = 'device-ca' | 'service-ca';

const rootId = 'root-1';

/** Makes the root's key and its certificate, PEM. `key-exists` when there was a ceremony with these keys before. */
export async function createOfflineRoot(ceremony: Ceremony): Promise<string> {
  const { keys, clock, organization, publicUrl } = ceremony;
  const signer = await keys.create(rootId, 'EC-P384');
  const urls = accessUrls(publicUrl);
  const { publicKey } = signer;
  const draft = authorityDraft({
    role: 'root',
    generation: 1,
    organization,
    host: urls.host,
    publicKey,
    now: clock.now(),
  });
  const certificate = await makeCertificate(draft, { self: signer, id: rootId }, urls);
  return toPem('CERTIFICATE', Buffer.from(certificate.der, 'base64'));
}

/** A request for the root's key, PEM, for a national root to sign. Makes the key where there is none. */
export async function requestForRoot({ keys, organization }: Ceremony): Promise<string> {
  return requestFor(keys, rootId, 'EC-P384', authorityName('root', 1, organization));
}

/** On the server: keys and requests of the issuing authorities, PEM, to be carried to the ceremony. */
export async function requestsForIssuing(server: {
  readonly keys: KeyStore;
  readonly organization: string;
}): Promise<Readonly<Record<IssuingRole, string>>> {
  const make = (role: IssuingRole): Promise<string> =>
    requestFor(server.keys, `${role}-1`, 'EC-P256', authorityName(role, 1, server.organization));
  return { 'device-ca': await make('device-ca'), 'service-ca': await make('service-ca') };
}

/** A request for the key of this name, PEM; makes the key where there is none. */
export async function requestFor(
  keys: KeyStore,
  id: string,
  type: 'EC-P256' | 'EC-P384',
  subject: Uint8Array,
): Promise<string> {
  const signer = (await keys.open(id)) ?? (await keys.create(id, type));
  const info = encodeRequestInfo({ subject, publicKey: signer.publicKey.spki, extensions: [] });
  return toPem('CERTIFICATE REQUEST', encodeSigned(info, signer.algorithm, await signer.sign(info)));
}

/**
 * At the ceremony: signs the request of an issuing authority, PEM to PEM. The request gives its key and its generation and
 * nothing else; name, constraints and validity are ours. `subject-mismatch` when it is another authority's request.
 */
export async function signIssuing(
  ceremony: Ceremony,
  rootPem: string,
  role: IssuingRole,
  requestPem: string,
): Promise<string> {
  const { clock, organization, publicUrl } = ceremony;
  const root = await openRoot(ceremony, rootPem);
  const request = readRequest(onlyOne('CERTIFICATE REQUEST', requestPem));
  await verifyRequest(request);
  const urls = accessUrls(publicUrl);
  const { publicKey } = request;
  const commonName = attributesOf(request.subject).find(({ oid }) => oid === Oid.commonName)?.text;
  const generation = Number(/ ([1-9][0-9]{0,3})$/.exec(commonName ?? '')?.[1] ?? 1);
  const draft = authorityDraft({
    role,
    generation,
    organization,
    host: urls.host,
    publicKey,
    now: clock.now(),
  });
  if (Buffer.compare(request.subject.der, draft.subjectName) !== 0) {
    throw new PkiError('subject-mismatch', `request is not that of \`${role}\` of \`${organization}\``);
  }
  const certificate = await makeCertificate(draft, root, urls);
  return toPem('CERTIFICATE', Buffer.from(certificate.der, 'base64'));
}

/** At the ceremony: the root's CRL, DER, good for 400 days. The number must grow from ceremony to ceremony. */
export async function signRootCrl(
  ceremony: Ceremony,
  rootPem: string,
  list: {
    readonly number: number;
    readonly revoked: readonly {
      readonly serial: string;
      readonly at: number;
      readonly reason: RevocationReason;
    }[];
  },
): Promise<Uint8Array> {
  const root = await openRoot(ceremony, rootPem);
  const thisUpdate = Math.floor(ceremony.clock.now() / 1000) * 1000;
  return signCrl(
    {
      issuer: root.certificate.subject.der,
      thisUpdate,
      nextUpdate: thisUpdate + 400 * 86_400_000,
      entries: list.revoked,
      extensions: [authorityKeyIdentifierOf(root.certificate), crlExtension.number(list.number)],
    },
    root.signer,
  );
}

async function openRoot({ keys, clock }: Ceremony, rootPem: string): Promise<Issuer> {
  const signer = await keys.open(rootId);
  if (signer === undefined) throw new PkiError('key-missing', 'there is no root key in this folder');
  const der = Buffer.from(onlyOne('CERTIFICATE', rootPem));
  const { serialHex } = readCertificate(der);
  const record = {
    id: rootId,
    role: 'root',
    generation: 1,
    serial: serialHex,
    der: der.toString('base64'),
  } as const;
  return makeIssuer({ ...record, created: clock.now() }, signer, 0);
}

/** The one block of this label; `malformed-pem` when there is none or more. */
export function onlyOne(label: string, pem: string): Uint8Array {
  const [only, ...more] = fromPem(label, pem);
  if (only === undefined || more.length > 0) {
    throw new PkiError('malformed-pem', `text does not hold exactly one ${label}`);
  }
  return only;
}

/** The public key of a certificate. */
export function keyOf(der: Uint8Array): ReturnType<typeof readPublicKey> {
  return readPublicKey(readCertificate(der).publicKey);
}
