import { createHash } from 'node:crypto';
import type { Clock, RecordStore } from '@kydai/contracts';
import { type Authority, type ClientVerdict, certificates, readCertificate } from '@kydai/pki';
import type { Intake } from '@kydai/siem';
import type { Peer } from '../http/listen.ts';

/** A certificate's last handshake that was told, and how much it may still tell. */
interface Told {
  readonly place: string;
  at: number;
  allowance: number;
}

const quiet = 60_000;
const burst = 20;
const mostRemembered = 50_000;

/**
 * Tells every handshake of a client certificate as an event of the dataset `pki.tls`: device, address, fingerprint,
 * serial number, site, and whether we believe the certificate. A device that comes back from the same address is told
 * once a minute; one that changes its address at once, at most 20 times a minute.
 */
export function watchHandshakes(parts: {
  readonly authority: Pick<Authority, 'verifyClient'>;
  readonly records: RecordStore;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly site: string;
}): (peer: Peer) => Promise<void> {
  const { authority, records, intake, clock, site } = parts;
  const known = new Map<string, Told>();

  function isNews(fingerprint: string, place: string): boolean {
    const now = clock.now();
    const before = known.get(fingerprint);
    // A Map keeps the order of insertion: the first are those not seen for longest.
    known.delete(fingerprint);
    const sinceLast = before === undefined ? Number.POSITIVE_INFINITY : now - before.at;
    const allowance = Math.min(
      burst,
      (before?.allowance ?? burst) + (Math.max(0, sinceLast) / quiet) * burst,
    );
    const news = allowance >= 1 && (before?.place !== place || sinceLast >= quiet);
    known.set(
      fingerprint,
      news || before === undefined ? { place, at: now, allowance: allowance - 1 } : before,
    );
    if (known.size > mostRemembered) known.delete(known.keys().next().value!);
    return news;
  }

  return async ({ address, certificate }) => {
    if (certificate === undefined) return;
    const fingerprint = createHash('sha256').update(certificate).digest('hex');
    if (!isNews(fingerprint, address)) return;
    const verdict = await authority.verifyClient(certificate);
    const document: Record<string, string> = {
      '@timestamp': new Date(clock.now()).toISOString(),
      'event.dataset': 'pki.tls',
      'event.action': 'handshake',
      'event.outcome': verdict.ok ? 'success' : 'failure',
      'source.ip': address,
      'tls.client.hash.sha256': fingerprint,
      ...(site === '' ? {} : { 'observer.site': site }),
      ...(verdict.ok ? {} : { 'event.reason': verdict.message }),
      ...(await nameOf(verdict, certificate)),
    };
    const raw = JSON.stringify(document);
    const frame = { raw, bytes: raw.length, normalised: intake.normaliser.document(document, clock.now()) };
    await intake.submit(intake.account('internal', 'handshakes'), [frame]);
  };

  /** Device and serial number, also of a certificate of ours that is no longer good. */
  async function nameOf(verdict: ClientVerdict, der: Uint8Array): Promise<Record<string, string>> {
    if (verdict.ok) {
      return { 'device.id': verdict.device, 'tls.client.x509.serial_number': verdict.certificate.serial };
    }
    if (verdict.reason !== 'revoked' && verdict.reason !== 'expired') return {};
    const serial = readCertificate(der).serialHex;
    const record = (await records.get(certificates, serial))?.value;
    return {
      'tls.client.x509.serial_number': serial,
      ...(record?.profile === 'device' ? { 'device.id': record.subject } : {}),
    };
  }
}
