import { X509Certificate } from 'node:crypto';
import type { Clock } from '@kydai/contracts';
import { findPath, PkiError, readCertificate, readCrl, revocationBy } from '@kydai/pki';
import type { Trust } from '@kydai/sbom';

/** Service certificates may answer as servers; devices and people may not, so none of them signs for a pipeline. */
const serverAuth = '1.3.6.1.5.5.7.3.1';
const clientAuth = '1.3.6.1.5.5.7.3.2';

interface Trusted {
  readonly roots: readonly Uint8Array[];
  readonly crls: readonly Uint8Array[];
  readonly clock: Clock;
}

/**
 * Trusts a signer whose path leads to one of the roots (RFC 5280 section 6) and ends in a service certificate. With
 * revocation lists, what they do not cover counts as revoked; without any, revocation is not checked.
 */
export function trustBy(given: Trusted): Trust {
  return trustFor(serverAuth, given);
}

/** The same for people: their certificates let them come as clients, and never answer as servers. */
export function trustPeopleBy(given: Omit<Trusted, 'crls'>): Trust {
  const trusted = trustFor(clientAuth, { ...given, crls: [] });
  return (chain) => {
    const answer = trusted(chain);
    if ('fault' in answer) return answer;
    if (new X509Certificate(chain[0]!).keyUsage?.includes(serverAuth)) {
      return { fault: 'the certificate is that of a service, and no service accepts a risk' };
    }
    return answer;
  };
}

function trustFor(purpose: string, given: Trusted): Trust {
  return (chain) => {
    try {
      const anchors = given.roots.map((der) => readCertificate(der));
      const [target, ...pool] = chain.map((der) => readCertificate(der));
      if (target === undefined) return { fault: 'there is no certificate' };
      const at = given.clock.now();
      const crls = given.crls.map((der) => readCrl(der));
      const revocation = revocationBy({ crls, pool, anchors, at });
      const verdict = findPath(target, pool, {
        anchors,
        at,
        purpose,
        ...(crls.length === 0 ? {} : { revocation }),
      });
      if (verdict.path === undefined) return { fault: verdict.fault };
      const subject = new X509Certificate(chain[0]!).toLegacyObject().subject['CN'];
      return typeof subject === 'string' ? { subject } : { fault: 'the certificate names no one' };
    } catch (error) {
      if (error instanceof PkiError) return { fault: error.message };
      throw error;
    }
  };
}
