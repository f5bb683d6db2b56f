import type { Device } from '@kydai/contracts';
import { PkiError } from '../error.ts';

/** What the way on which a request came adds to it. */
export interface Terms {
  /**
   * Values that bind a request to its TLS connection (RFC 7030 section 3.5), base64: a challengePassword must be one of
   * them. Where it is required, a request without one is refused.
   */
  readonly binding?: { readonly values: readonly string[]; readonly required: boolean } | undefined;
  /** The fleet that the path named (an EST label, RFC 7030 section 3.2.2): a device must belong to it. */
  readonly fleet?: Fleet | undefined;
}

export interface Fleet {
  readonly label: string;
  readonly zone?: string | undefined;
  readonly kind?: string | undefined;
}

/** Throws unless the request's challengePassword, or its absence, fits the connection that it came over. */
export function checkBinding(challengePassword: string | undefined, { binding }: Terms): void {
  if (challengePassword === undefined) {
    if (binding?.required !== true) return;
    throw new PkiError(
      'binding-required',
      'request is not bound to this TLS connection; put the base64 of its tls-exporter into challengePassword',
    );
  }
  if (binding === undefined) {
    throw new PkiError(
      'unsupported-attribute',
      'request holds the attribute `challengePassword`, which is not bound to anything here; make it without',
    );
  }
  if (!binding.values.includes(challengePassword)) {
    throw new PkiError(
      'binding-mismatch',
      'challengePassword is not of this TLS connection: neither its tls-exporter nor its tls-unique',
    );
  }
}

/** Throws `denied` for a device that does not belong to the fleet that the path named. */
export function checkFleet(device: Device, { fleet }: Terms): void {
  if (fleet === undefined) return;
  const { label, zone, kind } = fleet;
  if ((zone ?? device.zone) === device.zone && (kind ?? device.kind) === device.kind) return;
  throw new PkiError('denied', `device \`${device.id}\` does not belong to the fleet \`${label}\``);
}
