import { type Clock, RecordConflict, type RecordStore, recordKind, write } from '@kydai/contracts';
import { z } from 'zod';
import { newSecret, secretDigest } from './secrets.ts';

const Link = z.strictObject({ digest: z.string(), expires: z.number() });
const signInLinks = recordKind<z.infer<typeof Link>>({
  name: 'sign_in_links',
  schema: Link,
  key: (link) => link.digest,
  indexes: { expires: (link) => link.expires },
});

export interface SignInLinks {
  /** A secret for one sign-in within 30 minutes. */
  create(): Promise<string>;
  /** True the first time, within its life; the link is spent by it. */
  redeem(secret: string): Promise<boolean>;
}

export function createSignInLinks(records: RecordStore, clock: Clock): SignInLinks {
  return {
    async create() {
      const secret = newSecret('kdl');
      await records.commit([
        write.insert(signInLinks, { digest: secretDigest(secret), expires: clock.now() + 30 * 60_000 }),
      ]);
      return secret;
    },
    async redeem(secret) {
      const found = await records.get(signInLinks, secretDigest(secret));
      if (!found || found.value.expires < clock.now()) return false;
      try {
        // Marking by version before deleting makes two simultaneous redemptions impossible: one of them conflicts.
        await records.commit([
          write.update(signInLinks, { ...found.value, expires: 0 }, found.version),
          write.delete(signInLinks, found.value.digest),
        ]);
        return true;
      } catch (error) {
        if (error instanceof RecordConflict) return false;
        throw error;
      }
    },
  };
}
