import type { Certificate } from '@kydai/contracts';
import { ShellError } from '../error.ts';

const ofOthers: ReadonlySet<string> = new Set(['device', 'quarantine', 'service', 'staff']);

/**
 * Refuses to revoke what the whole city hangs on by one call: authorities, OCSP responders, and the certificates that
 * this program holds itself (which it would go on using).
 *
 * @throws ShellError `invalid` that says what to do instead
 */
export function refuseToRevokeOurOwn({ profile, requester, serial }: Certificate): void {
  if (!ofOthers.has(profile) && !profile.startsWith('ocsp-responder'))
    throw new ShellError(
      'invalid',
      `\`${serial}\` is a CA certificate (${profile}); CA certificates are revoked by ceremony: kydai pki ceremony`,
    );
  if (!ofOthers.has(profile) || requester === 'system')
    throw new ShellError(
      'invalid',
      `\`${serial}\` is this program's own (${profile}); give its authority a new generation: kydai pki rollover`,
    );
}
