import { write } from '@kydai/contracts';
import { certificatesPerShard, type Desk, type Issuer } from '../authority/desk.ts';
import { PkiError } from '../error.ts';
import { importedCrls, publishedCrls } from '../register/kinds.ts';
import { retryOnConflict } from '../register/retry.ts';
import { type Revocation, readRevocations, revocationPages } from '../register/revocation-page.ts';
import { signCrl } from '../sign/sign.ts';
import { crlExtension, EncodedEntries } from '../x509/crl.ts';
import { authorityKeyIdentifierOf } from '../x509/key-identifier.ts';

const day = 86_400_000;
/** How long a CRL is good; half-way through a new one is made even if nothing changed. */
const lifetime = { root: 180 * day, 'device-ca': 2 * day, 'service-ca': 2 * day } as const;

interface Built {
  readonly der: Uint8Array;
  readonly delta: Uint8Array;
  readonly renewAt: number;
}

interface Cached extends Built {
  /** The count of changes that it was built from. */
  readonly changes: number;
}

/** Builds CRLs and keeps the newest of each scope until a revocation or the time makes it stale. */
export class CrlPublisher {
  readonly #desk: Desk;
  readonly #cache = new Map<string, Cached>();
  readonly #building = new Map<string, Promise<Built>>();
  /** Per authority, counted up by each revocation. */
  readonly #changes = new Map<string, number>();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** A certificate of this authority was revoked: what is cached is stale. */
  changed(issuer: string): void {
    this.#changes.set(issuer, (this.#changes.get(issuer) ?? 0) + 1);
  }

  /**
   * DER of the newest CRL: of everything that the authority issued, or of one shard. The first request after a start
   * builds anew, so that what another process revoked is in it.
   */
  async crl(issuer: Issuer, shard?: number): Promise<Built> {
    // One more than is in use: a certificate that is on its way may point to it.
    if (shard !== undefined && shard > issuer.issued / certificatesPerShard + 1) {
      throw new PkiError('unknown-issuer', `there is no shard ${shard} of \`${issuer.id}\``);
    }
    if (issuer.offline) return this.#imported(issuer);
    const scope = shard === undefined ? issuer.id : `${issuer.id}/${shard}`;
    const changes = this.#changes.get(issuer.id) ?? 0;
    const cached = this.#cache.get(scope);
    if (cached?.changes === changes && this.#desk.clock.now() < cached.renewAt) return cached;
    const place = `${scope}#${changes}`;
    const building = this.#building.get(place) ?? this.#build(issuer, shard, scope, changes);
    this.#building.set(place, building);
    try {
      return await building;
    } finally {
      this.#building.delete(place);
    }
  }

  /**
   * One round of building ahead: lists that are past half of their life are made anew before anyone asks, so that none
   * ends while the program runs. Resolves to the number built.
   */
  async tend(): Promise<number> {
    const now = this.#desk.clock.now();
    const page = await this.#desk.records.find(publishedCrls, { order: 'nextUpdate', limit: 200 });
    let built = 0;
    for (const { value } of page.records) {
      const [id = '', shard] = value.scope.split('/');
      const issuer = this.#desk.issuers.get(id);
      if (issuer === undefined || issuer.offline || now >= issuer.certificate.notAfter) continue;
      if (value.nextUpdate - now > lifetime[issuer.role] / 2) continue;
      await this.crl(issuer, shard === undefined ? undefined : Number(shard));
      built++;
    }
    return built;
  }

  /** What the last ceremony signed. */
  async #imported(issuer: Issuer): Promise<Built> {
    const stored = await this.#desk.records.get(importedCrls, issuer.id);
    if (stored === undefined) {
      throw new PkiError(
        'unknown-issuer',
        `CRL of \`${issuer.id}\` was not imported; sign one at a ceremony`,
      );
    }
    const der = Buffer.from(stored.value.der, 'base64');
    return { der, delta: der, renewAt: stored.value.nextUpdate };
  }

  async #build(issuer: Issuer, shard: number | undefined, scope: string, changes: number): Promise<Built> {
    const built = await retryOnConflict(() => buildCrl(this.#desk, issuer, shard, scope));
    if (this.#cache.size >= 4096) this.#cache.clear();
    this.#cache.set(scope, { ...built, changes });
    return built;
  }
}

const baseLifetime = day / 2;
/** How long before its base a revocation may have been written down and yet have come to be after it. */
const overlap = 600_000;

/**
 * Builds, signs and records a CRL and the delta CRL of the same number. The number grows by one with each (RFC 5280
 * section 5.2.3), guarded by the record's version. A certificate stays listed until the list after its end (section
 * 3.3). The delta builds upon a CRL of the last twelve hours (section 5.2.4).
 *
 * INVARIANT: base and delta together miss no revocation. One that was under way while the base was made, or comes from a
 * process whose clock is behind, is dated before the base and not in it: so the delta reaches back further.
 */
async function buildCrl(
  desk: Desk,
  issuer: Issuer,
  shard: number | undefined,
  scope: string,
): Promise<Built> {
  const now = desk.clock.now();
  const stored = await desk.records.get(publishedCrls, scope);
  const before = stored?.value;
  const entries = await readEntries(desk, issuer.id, shard, Math.min(before?.thisUpdate ?? 0, now));
  const thisUpdate = Math.floor(now / 1000) * 1000;
  const nextUpdate = thisUpdate + lifetime[issuer.role];
  const number = (before?.number ?? 0) + 1;
  const base =
    before !== undefined && now < before.base.at + baseLifetime ? before.base : { number, at: now };
  const common = [
    authorityKeyIdentifierOf(issuer.certificate),
    crlExtension.number(number),
    ...(shard === undefined ? [] : [crlExtension.distributionPoint(desk.urls.crl(issuer.id, shard))]),
  ];
  const fields = { issuer: issuer.certificate.subject.der, thisUpdate, nextUpdate };
  const freshest = crlExtension.freshest(desk.urls.crl(issuer.id, shard, true));
  const encoded = EncodedEntries.of(entries);
  const der = await signCrl(
    { ...fields, entries: encoded, extensions: [...common, freshest] },
    issuer.signer,
  );
  const delta = await signCrl(
    {
      ...fields,
      entries: encoded.only((index) => entries[index]!.recorded >= base.at - overlap),
      extensions: [...common, crlExtension.deltaOf(base.number)],
    },
    issuer.signer,
  );
  const record = {
    scope,
    number,
    thisUpdate,
    nextUpdate,
    entries: entries.length,
    base,
  };
  await desk.records.commit([
    stored === undefined
      ? write.insert(publishedCrls, record)
      : write.update(publishedCrls, record, stored.version),
  ]);
  return { der, delta, renewAt: thisUpdate + lifetime[issuer.role] / 2 };
}

const pageSize = 100;

async function readEntries(
  desk: Desk,
  issuer: string,
  shard: number | undefined,
  since: number,
): Promise<Revocation[]> {
  const where = { issuer, ...(shard === undefined ? {} : { shard }) };
  const entries: Revocation[] = [];
  for (let offset = 0; ; offset += pageSize) {
    const page = await desk.records.find(revocationPages, { where, limit: pageSize, offset });
    for (const { value } of page.records) {
      for (const revocation of readRevocations(value))
        if (revocation.notAfter >= since) entries.push(revocation);
    }
    if (page.records.length < pageSize) return entries;
  }
}
