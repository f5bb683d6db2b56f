import type { RecordStore, Signals } from '@kydai/contracts';
import { type Authority, certificates } from '@kydai/pki';
import type { SyslogCollector, SyslogTls } from '@kydai/siem';

/** Syslog over TLS, with certificates of our own authority on both sides. */
export interface SyslogTrust {
  readonly tls: SyslogTls;
  /** From now on revocations end open sessions, and the collector's certificate is renewed. Returns what ends that. */
  follow(collector: Pick<SyslogCollector, 'endSessions' | 'renewTls'>): () => void;
}

const page = 10_000;

/**
 * What the TLS listener for syslog presents and whom it believes: senders with a certificate of any of our authorities
 * that is not revoked.
 *
 * INVARIANT: from the moment at which a revocation is durable, the certificate opens no session, and its open ones end.
 */
export async function openSyslogTrust(parts: {
  readonly port: number;
  readonly names: readonly string[];
  readonly authority: Authority;
  readonly records: RecordStore;
  readonly signals: Signals;
}): Promise<SyslogTrust> {
  const { port, names, authority, records, signals } = parts;
  const revoked = new Set<string>();
  let end: (serial: string) => void = () => {};
  let renew: () => void = () => {};
  let trusted = authority.issuers().length;
  const unsubscribe = signals.subscribe((signal) => {
    if (signal.type !== 'certificate') return;
    const { serial, revoked: revocation } = signal.certificate;
    if (revocation !== undefined) {
      revoked.add(serial);
      end(serial);
    }
    // A new generation of an authority has begun to issue: its certificates must be believed at once.
    if (authority.issuers().length !== trusted) renew();
  });
  for (let offset = 0, total = 1; offset < total; offset += page) {
    const where = { revokedAt: { gt: 0 } };
    const found = await records.find(certificates, { where, limit: page, offset });
    for (const { value } of found.records) revoked.add(value.serial);
    total = found.total;
  }
  const present = async () => {
    const { keyPem, chainPem } = await authority.serverCertificate({ names });
    trusted = authority.issuers().length;
    return { key: keyPem, cert: chainPem, clientCa: clientCa(authority) };
  };
  return {
    tls: { port, ...(await present()), revoked: (serial) => revoked.has(serial) },
    follow(collector) {
      end = (serial) => void collector.endSessions(serial);
      renew = () => {
        // Tried again in an hour; certificates are renewed long before their end.
        present().then(
          (next) => collector.renewTls(next),
          () => {},
        );
      };
      const timer = setInterval(renew, 3600_000);
      timer.unref();
      return () => {
        clearInterval(timer);
        unsubscribe();
      };
    },
  };
}

/** Every authority of ours, so that senders need to present their own certificate alone. */
function clientCa(authority: Authority): string {
  return authority
    .issuers()
    .map((issuer) => authority.chainPem(issuer))
    .join('\n');
}
