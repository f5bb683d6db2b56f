import type { PkiHealthView } from '@kydai/contracts';
import type { Desk, Issuer } from '../authority/desk.ts';
import { keyOf } from '../ceremony/offline.ts';
import type { OcspResponder } from '../ocsp/answer.ts';
import {
  certificates,
  credentials,
  importedCrls,
  type PublishedCrl,
  publishedCrls,
} from '../register/kinds.ts';
import { sharedPrimes } from '../register/rsa-keys.ts';
import { mostNamed, problemsOf, type WeakKeys } from './problems.ts';

type AuthorityHealth = PkiHealthView['authorities'][number];

/** How fresh everything is that the authority publishes, where its keys are, and what a person must see to. */
export async function healthOf(desk: Desk, responder: OcspResponder): Promise<PkiHealthView> {
  const at = desk.clock.now();
  const lists = await publishedLists(desk);
  const newest = new Map([...desk.issuers.values()].map(({ role, id }) => [role, id]));
  const authorities: AuthorityHealth[] = [];
  for (const issuer of desk.issuers.values()) {
    authorities.push({
      id: issuer.id,
      issuing: newest.get(issuer.role) === issuer.id,
      key: issuer.offline ? 'offline' : ((await desk.keys.place(issuer.id)) ?? 'file'),
      keyType: keyOf(issuer.der).keyType,
      notAfter: issuer.certificate.notAfter,
      lists: issuer.offline ? await importedList(desk, issuer) : (lists.get(issuer.id) ?? null),
      responder: await responderHealth(desk, issuer, responder),
    });
  }
  const token = desk.keys.token?.() ?? null;
  // The lists of a root that is not ours are published by others.
  const ours = authorities.filter(({ id }) => desk.issuers.get(id)?.external !== true);
  return { at, token, authorities, problems: problemsOf(at, token, ours, await weakKeys(desk, at)) };
}

/** By authority: the oldest times among its lists. */
async function publishedLists(desk: Desk): Promise<ReadonlyMap<string, AuthorityHealth['lists']>> {
  const byIssuer = new Map<string, PublishedCrl[]>();
  for (let offset = 0; ; offset += pageSize) {
    const page = await desk.records.find(publishedCrls, { order: 'nextUpdate', limit: pageSize, offset });
    for (const { value } of page.records) {
      const issuer = value.scope.split('/')[0]!;
      byIssuer.set(issuer, [...(byIssuer.get(issuer) ?? []), value]);
    }
    if (page.records.length < pageSize) break;
  }
  return new Map(
    [...byIssuer].map(([issuer, found]) => [
      issuer,
      {
        count: found.length,
        entries: found.find(({ scope }) => scope === issuer)?.entries ?? null,
        thisUpdate: Math.min(...found.map(({ thisUpdate }) => thisUpdate)),
        nextUpdate: Math.min(...found.map(({ nextUpdate }) => nextUpdate)),
        deltaSince: Math.min(...found.map(({ base }) => base.at)),
      },
    ]),
  );
}

const pageSize = 1000;
const mostFindings = 100;

/** Keys that share a prime and stand in a good certificate, by finding: as many of each as are named, and one more. */
async function weakKeys(desk: Desk, at: number): Promise<WeakKeys[]> {
  const { records: found } = await desk.records.find(sharedPrimes, { order: '-found', limit: mostFindings });
  const good = { revokedAt: null, notAfter: { gt: at } };
  const weak: WeakKeys[] = [];
  for (const { value } of found) {
    const serials: string[] = [];
    for (const { serial, keyDigest } of value.keys) {
      if ((await desk.records.count(certificates, { keyDigest, ...good })) > 0) serials.push(serial);
      if (serials.length > mostNamed) break;
    }
    if (serials.length > 0) weak.push({ found: value.found, serials: serials.sort() });
  }
  return weak;
}

/** The list of an authority whose key is elsewhere, as it was brought in last. */
async function importedList(desk: Desk, { id }: Issuer): Promise<AuthorityHealth['lists']> {
  const stored = (await desk.records.get(importedCrls, id))?.value;
  if (stored === undefined) return null;
  const { thisUpdate, nextUpdate } = stored;
  return { count: 1, entries: null, thisUpdate, nextUpdate, deltaSince: thisUpdate };
}

async function responderHealth(
  desk: Desk,
  { id, role }: Issuer,
  responder: OcspResponder,
): Promise<AuthorityHealth['responder']> {
  if (role === 'root') return null;
  const held = (await desk.records.get(credentials, `ocsp-${id}`))?.value;
  if (held === undefined) return null;
  const key = (await desk.keys.place(`${held.purpose}-${held.generation}`)) ?? 'file';
  return { notAfter: held.notAfter, key, ...responder.kept(id) };
}
