import type { Clock } from '@kydai/contracts';
import type { Authority } from '../authority/authority.ts';
import { plain } from '../est/problem.ts';

/**
 * `GET /pki/renewal/<serial>`: when to renew, as JSON `{"start", "end"}` in RFC 3339. A revoked certificate is due now.
 * Serial numbers have 128 random bits, so that asking needs no more proof than knowing one.
 */
export function createRenewalHandler(options: {
  readonly authority: Authority;
  readonly clock: Clock;
}): (request: Request) => Promise<Response> {
  const { authority, clock } = options;
  return async (request) => {
    const found = /^\/pki\/renewal\/([0-9a-f]{2,40})$/.exec(new URL(request.url).pathname);
    if (found === null) return plain(404, 'there is /pki/renewal/<serial in lower-case hex>');
    if (request.method !== 'GET') return plain(405, 'use GET', { allow: 'GET' });
    const window = await authority.renewalWindow(found[1]!);
    if (window === undefined) return plain(404, 'there is no certificate with this serial number');
    const { start, end } = window;
    const body = { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
    const hours = Math.min(24, Math.max(1, Math.ceil((start - clock.now()) / 3_600_000)));
    return Response.json(body, { headers: { 'retry-after': String(hours * 3600) } });
  };
}
