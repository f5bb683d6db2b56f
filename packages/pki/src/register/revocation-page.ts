import { RevocationReason as Reasons, type RevocationReason, recordKind } from '@kydai/contracts';
import { z } from 'zod';
import { PkiError } from '../error.ts';

/**
 * The revoked certificates of one shard of one authority, in one record of at most some 2,000 lines: a CRL of a hundred
 * thousand entries is read in fifty records. A line is `serial reason at recorded notAfter`, times in base 36.
 */
export const RevocationPage = z
  .strictObject({
    /** `<authority>/<shard>`. */
    id: z.string(),
    issuer: z.string(),
    shard: z.number().int(),
    lines: z.string(),
    /** Counted up by each revocation. */
    changes: z.number().int(),
  })
  .readonly();
export type RevocationPage = z.infer<typeof RevocationPage>;

export const revocationPages = recordKind<RevocationPage>({
  name: 'revocation_pages',
  schema: RevocationPage,
  key: (value) => value.id,
  indexes: { issuer: (value) => value.issuer, shard: (value) => value.shard },
});

export interface Revocation {
  readonly serial: string;
  readonly reason: RevocationReason;
  /** Since when it is not to be trusted. Epoch milliseconds, as the others. */
  readonly at: number;
  /** When it was written, which orders revocations even where `at` lies in the past. */
  readonly recorded: number;
  /** The certificate's own end. */
  readonly notAfter: number;
}

const codes = new Map<string, RevocationReason>(Reasons.options.map((reason) => [reason, reason]));

export function formatRevocation({ serial, reason, at, recorded, notAfter }: Revocation): string {
  return `${serial} ${reason} ${at.toString(36)} ${recorded.toString(36)} ${notAfter.toString(36)}\n`;
}

/** The revocations of a page, oldest first. */
export function readRevocations(page: RevocationPage): Revocation[] {
  const revocations: Revocation[] = [];
  const { lines } = page;
  // No lists of lines and words: a hundred thousand revocations are read for one CRL.
  let place = 0;
  const word = (end: string): string => {
    const from = place;
    const until = lines.indexOf(end, from);
    place = until < 0 ? lines.length : until + 1;
    return lines.slice(from, until < 0 ? lines.length : until);
  };
  const time = (end: string): number => Number.parseInt(word(end), 36);
  while (place < lines.length) {
    const serial = word(' ');
    const reason = codes.get(word(' '));
    if (reason === undefined) throw new PkiError('bad-setting', `revocation page \`${page.id}\` is damaged`);
    revocations.push({ serial, reason, at: time(' '), recorded: time(' '), notAfter: time('\n') });
  }
  return revocations;
}

/** How long a revocation stays in its page after the certificate's own end. */
const kept = 400 * 86_400_000;

/** The page with these revocations added; an earlier line of the same serial (a hold) gives way. */
export function addRevocations(
  page: RevocationPage | undefined,
  place: { readonly issuer: string; readonly shard: number },
  added: readonly Revocation[],
): RevocationPage {
  const serials = new Set(added.map(({ serial }) => serial));
  const now = Math.max(...added.map(({ recorded }) => recorded));
  const old = (page === undefined ? [] : readRevocations(page)).filter(
    ({ serial, notAfter }) => !serials.has(serial) && notAfter + kept > now,
  );
  return {
    id: `${place.issuer}/${place.shard}`,
    ...place,
    lines: [...old, ...added].map(formatRevocation).join(''),
    changes: (page?.changes ?? 0) + 1,
  };
}
