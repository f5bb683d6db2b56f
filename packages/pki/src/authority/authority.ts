import { createHash } from 'node:crypto';
import type {
  Certificate,
  Clock,
  Decide,
  Device,
  PkiHealthView,
  RecordStore,
  RevocationReason,
  Signals,
} from '@kydai/contracts';
import { type Imported, importRootCrl } from '../ceremony/import.ts';
import { importNext, requestNext } from '../ceremony/next.ts';
import type { IssuingRole } from '../ceremony/offline.ts';
import { CrlPublisher } from '../crl/publish.ts';
import { PkiError } from '../error.ts';
import { type RenewalWindow, renewalWindow } from '../fleet/renewal.ts';
import { healthOf } from '../health/health.ts';
import type { KeyStore } from '../keys/key-store.ts';
import { type NoncePolicy, OcspResponder } from '../ocsp/answer.ts';
import { bridgeFrom } from '../path/bridge.ts';
import { PrimeWatch } from '../primes/watch.ts';
import { profileOf } from '../profile/profiles.ts';
import { type Application, applications } from '../register/application.ts';
import { certificates } from '../register/kinds.ts';
import { createDeviceRegister, type DeviceRegister } from '../register/register.ts';
import type { SharedPrime } from '../register/rsa-keys.ts';
import { readCertificate } from '../x509/certificate.ts';
import { encodeCertsOnly } from '../x509/cms.ts';
import { toPem } from '../x509/pem.ts';
import { readRequest } from '../x509/request.ts';
import { type ApplicationVerdict, type Apply, apply, decideApplication } from './apply.ts';
import { checkRequest } from './check-request.ts';
import { allAuthorities, chainOf, type Desk, issuerOf, pemOf } from './desk.ts';
import { type EnrolRequest, enrol, type RenewRequest, renew } from './enrol.ts';
import { openHierarchy } from './hierarchy.ts';
import { issueCertificate } from './issue.ts';
import {
  type ExpectedDevice,
  enrolManufactured,
  expectManufactured,
  type Manufacturer,
  trustManufacturers,
} from './manufactured.ts';
import { revokeDeviceCertificates, revokeSerial } from './revoke.ts';
import { rollOver } from './rollover.ts';
import { serverCertificate } from './server-certificate.ts';
import type { Terms } from './terms.ts';
import { findToken, type IssuedToken, makeToken, type TokenRequest } from './token.ts';
import { accessUrls } from './urls.ts';
import { type ClientVerdict, verifyClient } from './verify-client.ts';

export interface AuthorityOptions {
  readonly records: RecordStore;
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly decide: Decide;
  /** Base of the URLs that certificates carry (OCSP, CRL, issuer); `/pki/...` is appended. */
  readonly publicUrl: string;
  /** Organization in the names of the authorities; 1 to 64 characters. */
  readonly organization: string;
  readonly signals?: Signals | undefined;
  /** Manufacturers whose device certificates prove a first enrolment; none unless told. */
  readonly manufacturers?: readonly Manufacturer[];
  /** Days after its end in which a certificate may still prove a renewal, if it is not revoked; 0 unless told. */
  readonly renewalGraceDays?: number;
  /** What the nonce of an OCSP request gets: `echo` unless told. */
  readonly ocspNonce?: NoncePolicy;
}

/** A certificate for something other than a device, as an operator asks for it. The caller has decided that it may be. */
export interface IssueRequest {
  readonly csr: Uint8Array;
  readonly profile: 'device' | 'service' | 'staff';
  /** Entity id; the request's common name must be the same. */
  readonly subject: string;
  /** Audit actor and requester: `user:<id>`. */
  readonly by: string;
}

/** The certificate authority of a city. */
export interface Authority {
  readonly root: { readonly pem: string; readonly fingerprint: string };
  readonly devices: DeviceRegister;
  /** The authority's certificate and the root's, PEM. By id or by role, such as `device-ca`. */
  chainPem(issuer: string): string;
  /** One authority's certificate, DER. */
  certificateOf(issuer: string): Uint8Array;
  /**
   * The certificates, PEM, by which one who trusts this authority alone, root or not, believes all that others of ours
   * issue: one for each, so that there is no choice.
   */
  bridgePem(anchor: string): string;
  /** Every authority as PKCS#7 certs-only, DER (RFC 7030 section 4.1.3). */
  caCertificates(): Uint8Array;
  /** Ids of all authorities. */
  issuers(): readonly string[];
  enrolmentToken(wanted: TokenRequest): Promise<IssuedToken>;
  enrol(wanted: EnrolRequest): Promise<Certificate>;
  /** Throws as `enrol` does when the token is not good; uses nothing up. */
  checkToken(token: string, user?: string): Promise<void>;
  /** Whether any manufacturer's certificates are believed. */
  readonly trustsManufacturers: boolean;
  /** Says which device of a trusted manufacturer is which device of the city. */
  expectManufactured(wanted: ExpectedDevice): Promise<Device>;
  /** A first certificate, proven by a manufacturer's certificate (IDevID). */
  enrolManufactured(wanted: {
    readonly csr: () => Uint8Array;
    readonly certificate: Uint8Array;
    readonly address: string;
    readonly terms?: Terms | undefined;
  }): Promise<Certificate>;
  /** A request without proof: kept for a person, answered with its certificate once approved. */
  apply(wanted: Apply): Promise<Certificate>;
  /** What waits for a person, oldest first. */
  applications(): Promise<readonly Application[]>;
  decideApplication(id: string, verdict: ApplicationVerdict): Promise<Application>;
  renew(wanted: RenewRequest): Promise<Certificate>;
  issue(wanted: IssueRequest): Promise<Certificate>;
  revoke(serial: string, reason: RevocationReason, by: string, at?: number): Promise<Certificate>;
  revokeDevice(deviceId: string, reason: RevocationReason, by: string): Promise<readonly Certificate[]>;
  /** The newest CRL, DER: of the whole authority, or of one shard (which certificates point to). */
  crl(issuer: string, shard?: number): Promise<Uint8Array>;
  /** What changed since a complete CRL of the last twelve hours, DER; it carries the number of the newest CRL. */
  deltaCrl(issuer: string, shard?: number): Promise<Uint8Array>;
  /** The answer to an OCSP request, DER to DER. */
  ocsp(request: Uint8Array): Promise<Uint8Array>;
  /**
   * Signs lists and OCSP answers ahead of their end. Call it every few seconds; one round is bounded. Rejects with
   * `key-unavailable` while the keys cannot be reached.
   */
  tend(): Promise<{ readonly lists: number; readonly answers: number }>;
  /**
   * One bounded round of comparing the RSA keys that were certified since the last with all others. Call it every minute.
   * Resolves to what was found newly to share a prime.
   */
  compareKeys(): Promise<readonly SharedPrime[]>;
  /** How fresh all that is published is, where the keys are, and what a person must see to. */
  health(): Promise<PkiHealthView>;
  /** Key and chain for our own TLS listener. Call it again every hour: it renews when due. */
  serverCertificate(wanted: { readonly names: readonly string[] }): Promise<{
    readonly keyPem: string;
    readonly chainPem: string;
    readonly notAfter: number;
  }>;
  verifyClient(der: Uint8Array): Promise<ClientVerdict>;
  /** When a certificate should be renewed; now, when it is revoked; undefined when there is none of this serial. */
  renewalWindow(serial: string): Promise<RenewalWindow | undefined>;
  /** Makes the next generation of an authority, which issues from now on; resolves to its id. */
  rollOver(role: 'root' | 'device-ca' | 'service-ca', by: string): Promise<string>;
  /** The request for the next generation of an issuing authority, PEM, where the root's key is elsewhere. */
  requestNext(role: IssuingRole): Promise<{ readonly id: string; readonly request: string }>;
  /** Takes in what was signed for that request, PEM, with the certificates between it and the root; it issues from now on. */
  importNext(
    role: IssuingRole,
    given: { readonly certificatePem: string; readonly chainPem?: string },
    by: string,
  ): Promise<Imported>;
  /** Takes in the root's CRL from a ceremony, where the root is offline. */
  importRootCrl(der: Uint8Array, by: string): Promise<void>;
  /** Writes an audit entry about something refused. */
  audit: Audit;
}

export type Audit = (
  action: string,
  actor: string,
  target: string,
  detail: Readonly<Record<string, string | number>>,
) => Promise<void>;

/**
 * Opens the authority, making the root and the issuing authorities on first use. A start that was killed half-way goes
 * on where it stopped.
 */
export async function openAuthority(options: AuthorityOptions): Promise<Authority> {
  const { records, keys, clock, decide, organization, signals } = options;
  if (!/^[^\p{C}]{1,64}$/u.test(organization) || organization.trim() !== organization) {
    throw new PkiError(
      'bad-setting',
      'organization is not a text of 1 to 64 characters; set it in the configuration',
    );
  }
  const desk: Desk = {
    records,
    keys,
    clock,
    decide,
    signals,
    urls: accessUrls(options.publicUrl),
    organization: organization.normalize('NFC'),
    issuers: new Map(),
    crosses: [],
    verified: new Set(),
    primes: new PrimeWatch(records, clock),
    renewalGrace: (options.renewalGraceDays ?? 0) * 86_400_000,
  };
  const manufacturers = trustManufacturers(options.manufacturers ?? []);
  await openHierarchy(desk);
  await desk.primes.open();
  const crls = new CrlPublisher(desk);
  const responder = new OcspResponder(desk, options.ocspNonce);
  const told = ({ issuer, serial }: Certificate): void => {
    crls.changed(issuer);
    responder.changed(serial);
  };
  const root = issuerOf(desk, 'root');
  return {
    root: {
      pem: toPem('CERTIFICATE', root.der),
      fingerprint: createHash('sha256').update(root.der).digest('hex'),
    },
    devices: createDeviceRegister({ records, clock, signals }),
    chainPem: (issuer) => pemOf(chainOf(desk, issuerOf(desk, issuer))),
    certificateOf: (issuer) => issuerOf(desk, issuer).der,
    caCertificates: () => encodeCertsOnly(allAuthorities(desk)),
    bridgePem: (anchor) => {
      const authorities = allAuthorities(desk).map((der) => readCertificate(der));
      return pemOf(bridgeFrom(issuerOf(desk, anchor).certificate, authorities).map(({ der }) => der));
    },
    issuers: () => [...desk.issuers.keys()],
    enrolmentToken: (wanted) => makeToken(desk, wanted),
    enrol: (wanted) => enrol(desk, wanted),
    checkToken: async (token, user) => {
      await findToken(desk, token, user);
    },
    trustsManufacturers: manufacturers.length > 0,
    expectManufactured: (wanted) => expectManufactured(desk, wanted),
    enrolManufactured: (wanted) => enrolManufactured(desk, manufacturers, wanted),
    apply: (wanted) => apply(desk, wanted),
    applications: async () => {
      const where = { waiting: true, expires: { gt: clock.now() } };
      const { records: found } = await records.find(applications, { where, order: 'applied', limit: 1000 });
      return found.map(({ value }) => value);
    },
    decideApplication: (id, verdict) => decideApplication(desk, id, verdict),
    renew: (wanted) => renew(desk, wanted),
    issue: (wanted) => issueByOperator(desk, wanted),
    revoke: (serial, reason, by, at) => revokeSerial(desk, serial, { reason, by, at }, told),
    revokeDevice: (id, reason, by) => revokeDeviceCertificates(desk, id, { reason, by }, told),
    crl: async (issuer, shard) => (await crls.crl(issuerOf(desk, issuer), shard)).der,
    deltaCrl: async (issuer, shard) => (await crls.crl(issuerOf(desk, issuer), shard)).delta,
    ocsp: (request) => responder.answer(request),
    tend: async () => ({ lists: await crls.tend(), answers: await responder.tend() }),
    compareKeys: () => desk.primes.round(),
    health: () => healthOf(desk, responder),
    serverCertificate: ({ names }) => serverCertificate(desk, names),
    verifyClient: (der) => verifyClient(desk, der),
    renewalWindow: async (serial) => {
      const certificate = (await records.get(certificates, serial))?.value;
      if (certificate?.revoked !== undefined) return { start: clock.now(), end: clock.now() };
      return certificate === undefined ? undefined : renewalWindow(certificate);
    },
    rollOver: (role, by) => rollOver(desk, role, by),
    requestNext: (role) => requestNext(desk, role),
    importNext: (role, given, by) => importNext(desk, role, given, by),
    importRootCrl: (der, by) => importRootCrl(desk, der, by),
    audit: (action, actor, target, detail) =>
      records.commit([], [{ at: clock.now(), actor, action, target, detail }]),
  };
}

async function issueByOperator(
  desk: Desk,
  { csr, profile: id, subject, by }: IssueRequest,
): Promise<Certificate> {
  const profile = profileOf(id);
  const checked = await checkRequest(readRequest(csr), profile);
  if (checked.commonName !== subject) {
    throw new PkiError(
      'subject-mismatch',
      `request names another subject than \`${subject}\`; ask with /CN=${subject}`,
    );
  }
  const { request, names } = checked;
  return issueCertificate(desk, {
    request,
    profile,
    subject,
    names,
    requester: by,
    actor: by,
    newKey: true,
  });
}
