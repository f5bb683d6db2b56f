import { createHash, X509Certificate } from 'node:crypto';
import type { Clock } from '@kydai/contracts';
import { DeviceError, type OpenOptions } from '@kydai/device';
import {
  findPath,
  ocspFault,
  ocspRequestFor,
  type ParsedCertificate,
  type ParsedCrl,
  PkiError,
  readCertificate,
  readCrl,
  revocationBy,
  statusPlaces,
} from '@kydai/pki';
import type { CertificateSource } from './source.ts';

/** Devices come as clients; services and authorities may not send readings. */
const clientAuth = '1.3.6.1.5.5.7.3.2';
const serverAuth = '1.3.6.1.5.5.7.3.1';
/** How long authorities and their lists are believed, and how soon they are asked for again where no path is found. */
const authoritiesFor = 60_000;
const soonest = 5000;
const mostKept = 100_000;

export interface TrustOptions {
  /** DER of the roots, or of any other authorities, that the service believes. */
  readonly anchors: readonly Uint8Array[];
  readonly source: CertificateSource;
  /** DER of certificates and CRLs that are known beforehand. */
  readonly certificates: readonly Uint8Array[];
  readonly crls: readonly Uint8Array[];
  /** How long a device's status is believed before it is asked for again, milliseconds. */
  readonly recheck: number;
  readonly clock: Clock;
}

interface Authorities {
  readonly at: number;
  readonly pool: readonly ParsedCertificate[];
  readonly crls: readonly ParsedCrl[];
}

/**
 * Finds the certificates of devices for `openSealed`, and believes one when a path leads from it to an anchor, over any
 * intermediates and cross-certificates (RFC 5280 section 6), and everything on the path is shown not to be revoked: by OCSP,
 * or by the list that it names. An authority that names neither stands on the word of the one above it. What cannot be
 * learnt is `server-unavailable`, and nothing is believed meanwhile.
 */
export function trustDevices(options: TrustOptions): OpenOptions['certificateOf'] {
  const { source, clock, recheck } = options;
  const anchors = options.anchors.map((der) => readCertificate(der));
  const known = new Map(options.certificates.map((der) => [digestOf(der), der]));
  const beforehand = options.certificates.map((der) => readCertificate(der));
  const given = options.crls.map((der) => readCrl(der));
  const believed = new Map<string, { readonly der: Uint8Array; readonly at: number }>();
  let authorities: Authorities | undefined;

  const authoritiesOf = async (age = authoritiesFor): Promise<Authorities> => {
    const at = clock.now();
    if (authorities !== undefined && at - authorities.at < age) return authorities;
    const held = [...beforehand, ...(await source.authorities().then(readAll, asGarbled))];
    // Only what an anchor stands for may send us anywhere.
    const pool = held.filter((each) => isAuthority(each) && findPath(each, held, { anchors, at }).path);
    const wanted = pool.filter((each) => !coveredBy(given, each, at));
    const urls = new Set(wanted.flatMap((each) => statusPlaces(each).crl.slice(0, 1)));
    // A list that cannot be had fails the paths that need it, and no others.
    const fetched = await Promise.all([...urls].map((url) => fetchedList(source, url).catch(unlessAway)));
    authorities = { at, pool, crls: [...given, ...fetched.filter((crl) => crl !== undefined)] };
    return authorities;
  };

  const check = async (leaf: ParsedCertificate): Promise<void> => {
    if (isAuthority(leaf)) throw new Error('the certificate is that of an authority');
    if (!isOfDevice(leaf))
      throw new Error('the certificate is that of a service or a person, not of a device');
    const pathOf = ({ pool }: Authorities) =>
      findPath(leaf, pool, { anchors, at: clock.now(), purpose: clientAuth });
    let known = await authoritiesOf();
    let first = pathOf(known);
    if (first.path === undefined) {
      // Perhaps of a generation that began since.
      known = await authoritiesOf(soonest);
      first = pathOf(known);
    }
    if (first.path === undefined) throw new Error(first.fault);
    const word = await wordOn(leaf, first.path.at(-2) ?? anchors.find((each) => isBelow(leaf, each))!);
    // After all was fetched: a list may have been made while we asked.
    const at = clock.now();
    const byList = revocationBy({ crls: [...known.crls, ...word.crls], pool: known.pool, anchors, at });
    let verdict: string | undefined;
    let unlearnt: string | undefined;
    const revocation = (certificate: ParsedCertificate, issuer: ParsedCertificate): string | undefined => {
      if (certificate === leaf ? word.never : statusPlaces(certificate).crl.length === 0) return undefined;
      const fault =
        certificate === leaf && word.answer !== undefined
          ? answeredFault(word.answer, certificate, issuer, at)
          : byList(certificate, issuer);
      if (fault !== undefined && !verdicts.has(fault)) unlearnt = fault;
      else if (certificate === leaf) verdict = fault;
      return fault;
    };
    const options = { anchors, at, purpose: clientAuth, revocation };
    const { fault } = { fault: undefined, ...findPath(leaf, known.pool, options) };
    if (fault === undefined) return;
    if (verdict !== undefined) throw new Error(verdict);
    // Whoever disturbs the answers must not make us throw away what devices sent.
    throw unlearnt === undefined ? new Error(fault) : new DeviceError('server-unavailable', unlearnt);
  };

  /** What the authority says of one device's certificate now, unless a list that was given speaks of it. */
  const wordOn = async (leaf: ParsedCertificate, issuer: ParsedCertificate) => {
    const { ocsp, crl, never } = statusPlaces(leaf);
    const word = { never, crls: [] as ParsedCrl[], answer: undefined as Uint8Array | undefined };
    if (never || coveredBy(given, leaf, clock.now())) return word;
    if (ocsp[0] !== undefined)
      return { ...word, answer: await source.ocsp(ocsp[0], ocspRequestFor(issuer.der, leaf.der)) };
    return crl[0] === undefined ? word : { ...word, crls: [await fetchedList(source, crl[0])] };
  };

  const isBelow = (leaf: ParsedCertificate, anchor: ParsedCertificate): boolean =>
    findPath(leaf, [], { anchors: [anchor], at: clock.now() }).path !== undefined;

  return async (digest, serial) => {
    const at = clock.now();
    const kept = believed.get(digest);
    if (kept !== undefined && at - kept.at < recheck) return kept.der;
    const der = kept?.der ?? known.get(digest) ?? (await ofSerial(source, serial));
    if (der === undefined || digestOf(der) !== digest)
      throw new Error('nobody knows the certificate that it was signed with');
    believed.delete(digest);
    try {
      await check(readCertificate(der));
    } catch (error) {
      if (error instanceof PkiError) throw new Error(error.message, { cause: error });
      throw error;
    }
    if (believed.size >= mostKept) believed.delete(believed.keys().next().value!);
    believed.set(digest, { der, at });
    return der;
  };
}

/** What an authority says of a certificate; all else is a lack of its word. */
const verdicts = new Set(['certificate is revoked', 'the authority does not know the certificate']);

function answeredFault(
  answer: Uint8Array,
  certificate: ParsedCertificate,
  issuer: ParsedCertificate,
  at: number,
): string | undefined {
  try {
    return ocspFault(answer, { certificate, issuer, at });
  } catch (error) {
    if (error instanceof PkiError) return `the responder gave no answer: ${error.message}`;
    throw error;
  }
}

async function fetchedList(source: CertificateSource, url: string): Promise<ParsedCrl> {
  const octets = await source.crl(url);
  try {
    return readCrl(octets);
  } catch (cause) {
    throw new DeviceError('server-unavailable', `\`${url.slice(0, 200)}\` gave no list`, { cause });
  }
}

/** Certificates as they came over a network that anybody may disturb. */
function readAll(octets: readonly Uint8Array[]): ParsedCertificate[] {
  try {
    return octets.map((der) => readCertificate(der));
  } catch (error) {
    return asGarbled(error);
  }
}

function asGarbled(error: unknown): never {
  if (!(error instanceof PkiError)) throw error;
  throw new DeviceError(
    'server-unavailable',
    `the authority's certificates cannot be read: ${error.message}`,
    {
      cause: error,
    },
  );
}

function unlessAway(error: unknown): undefined {
  if (!(error instanceof DeviceError) || error.code !== 'server-unavailable') throw error;
}

async function ofSerial(source: CertificateSource, serial: unknown): Promise<Uint8Array | undefined> {
  return typeof serial === 'string' && /^[0-9a-f]{2,42}$/.test(serial)
    ? source.certificate(serial)
    : undefined;
}

/** Whether a list that was given beforehand speaks of a certificate, as far as name and time tell. */
function coveredBy(given: readonly ParsedCrl[], { issuer }: ParsedCertificate, at: number): boolean {
  const name = Buffer.from(issuer.der);
  return given.some((crl) => name.equals(crl.issuer.der) && (crl.nextUpdate ?? 0) >= at);
}

function isAuthority({ extensions }: ParsedCertificate): boolean {
  return extensions.some(({ oid, value }) => oid === '2.5.29.19' && value.length > 2);
}

/** Ours answer as no server, and carry their id as a DNS name too, which those of people do not. */
function isOfDevice({ der }: ParsedCertificate): boolean {
  const certificate = new X509Certificate(der);
  const id = certificate.toLegacyObject().subject['CN'];
  return (
    certificate.keyUsage?.includes(serverAuth) !== true &&
    typeof id === 'string' &&
    certificate.checkHost(id, { subject: 'never', wildcards: false }) !== undefined
  );
}

function digestOf(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('base64url');
}
