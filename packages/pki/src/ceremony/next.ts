import { type Desk, issuerOf, makeIssuer } from '../authority/desk.ts';
import { authorityName } from '../authority/hierarchy.ts';
import { succeed } from '../authority/rollover.ts';
import { retryOnConflict } from '../register/retry.ts';
import { checkFor, type Imported, readChain, recordsOf, toldOf } from './import.ts';
import { type IssuingRole, requestFor } from './offline.ts';

/**
 * The request for the next generation of an issuing authority, PEM, to be signed where the root's key is. Makes the key
 * where there is none; asked again it gives a request for the same key.
 */
export async function requestNext(
  desk: Desk,
  role: IssuingRole,
): Promise<{ readonly id: string; readonly request: string }> {
  const generation = issuerOf(desk, role).generation + 1;
  const id = `${role}-${generation}`;
  const subject = authorityName(role, generation, desk.organization);
  return { id, request: await requestFor(desk.keys, id, 'EC-P256', subject) };
}

/**
 * Takes in the certificate that was signed for that request, with what stands between it and the root: checked as at the
 * first import, cross-certified with the generation before, and issuing from now on.
 */
export async function importNext(
  desk: Desk,
  role: IssuingRole,
  given: { readonly certificatePem: string; readonly chainPem?: string },
  by: string,
): Promise<Imported> {
  return retryOnConflict(async () => {
    const old = issuerOf(desk, role);
    const generation = old.generation + 1;
    const id = `${role}-${generation}`;
    const signer = await desk.keys.open(id);
    const root = issuerOf(desk, 'root').certificate;
    const now = desk.clock.now();
    const pool = readChain(given.chainPem ?? '');
    const checked = checkFor({ id, role }, given.certificatePem, { root, pool, now, signer });
    const { record, certificate } = recordsOf(checked, { generation, now, by });
    // checkFor refused where there is no key.
    const issuer = makeIssuer(record, signer!, 0);
    await succeed(desk, old, { issuer, record, certificate }, by);
    return toldOf(checked, root);
  });
}
