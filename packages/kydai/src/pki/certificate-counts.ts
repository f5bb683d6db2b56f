import type { RecordStore, RecordWhere } from '@kydai/contracts';
import { certificates } from '@kydai/pki';

/** Among which certificates to count. */
export interface CountedCertificates {
  /** Of one profile; of all without it. */
  readonly profile?: string | undefined;
  /** Bounds of the end of their life, epoch ms. */
  readonly notAfter?: { readonly gt?: number; readonly lte?: number } | undefined;
  /** Those that are revoked, those that are not, or both. */
  readonly revoked?: boolean | undefined;
}

/**
 * How many certificates there are of a sort. Of a million nearly all are a device's and not revoked: counting those
 * would read every record. What is counted instead lies in one index or is rare: all, less the revoked, less those of
 * the other profiles.
 */
export async function countCertificates(
  records: RecordStore,
  { profile, notAfter, revoked }: CountedCertificates,
): Promise<number> {
  const ends: RecordWhere = notAfter === undefined ? {} : { notAfter };
  const count = async (more: RecordWhere) => {
    const gone = { ...ends, ...more, revokedAt: { gt: 0 } };
    if (revoked === true) return records.count(certificates, gone);
    const all = await records.count(certificates, { ...ends, ...more });
    return revoked === false ? all - (await records.count(certificates, gone)) : all;
  };
  if (profile === undefined) return count({});
  const own = await records.count(certificates, { profile });
  if (own < (await records.count(certificates)) / 2) return count({ profile });
  const others = (await profilesOf(records)).filter((one) => one !== profile);
  return (await count({})) - (others.length === 0 ? 0 : await count({ profile: others }));
}

/** Every profile that any certificate has; they are few. */
async function profilesOf(records: RecordStore): Promise<readonly string[]> {
  const profiles: string[] = [];
  for (let after = ''; ; ) {
    const { values, next } = await records.slice(certificates, 'profile', { holding: '', after, look: 1 });
    profiles.push(...values);
    if (next === undefined) return profiles;
    after = next;
  }
}
