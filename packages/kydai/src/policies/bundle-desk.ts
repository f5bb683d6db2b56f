import { createPrivateKey, createPublicKey } from 'node:crypto';
import { type Clock, RecordConflict, type RecordStore, recordKind, write } from '@kydai/contracts';
import type { KeyStore } from '@kydai/pki';
import { signBundle } from '@kydai/policy';
import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose';
import { z } from 'zod';
import { ShellError } from '../error.ts';
import { policyBundles } from './bundle-source.ts';
import { linksOf, type PolicySources, prepare } from './candidate.ts';

/** Which keys of the key store sign bundles: the first signs; another one is announced and takes over later. */
const Signing = z.strictObject({ id: z.string(), names: z.array(z.string()).min(1).max(2) });
const bundleSigning = recordKind<z.infer<typeof Signing>>({
  name: 'policy_bundle_signing',
  schema: Signing,
  key: ({ id }) => id,
  indexes: {},
});

export interface IssuedBundle {
  readonly version: number;
  readonly at: number;
  readonly bundle: string;
}

export interface BundleDesk {
  /** Signs the policies as they stand, after their cases have held, as the next version. */
  sign(by: string): Promise<IssuedBundle>;
  /** The newest one that was signed here. */
  issued(): Promise<IssuedBundle | undefined>;
  /** The keys that sites are told to trust, the signing one first. */
  keys(): Promise<{ readonly keys: readonly JWK[] }>;
  /**
   * Changes the signing key in two steps, so that a site that was away for the first still follows: `announce` makes the
   * next key and names it in every bundle from now on; `finish` signs with it and drops the old one.
   * @throws ShellError `invalid` for a step out of turn.
   */
  rotate(step: 'announce' | 'finish', by: string): Promise<IssuedBundle>;
}

const firstName = 'policy-bundle';

/** The centre's side of policy bundles. */
export function openBundleDesk(parts: {
  readonly records: RecordStore;
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly content: () => PolicySources;
}): BundleDesk {
  const { records, keys, clock } = parts;
  const signing = async () => (await records.get(bundleSigning, 'signing'))?.value.names ?? [firstName];

  /** Exportable inside this process only: jose signs with a key, not with a signing function. */
  async function pair(name: string) {
    if ((await keys.open(name)) === undefined) await keys.create(name, 'EC-P256', { exportable: true });
    const pem = await keys.exportPem(name);
    const bare = await exportJWK(createPublicKey(pem));
    const kid = await calculateJwkThumbprint(bare);
    return { key: createPrivateKey(pem), kid, jwk: { ...bare, kid, alg: 'ES256', use: 'sig' } satisfies JWK };
  }

  async function sign(by: string, names: readonly string[], action: string): Promise<IssuedBundle> {
    const sources = parts.content();
    prepare(sources);
    const pairs = await Promise.all(names.map(pair));
    const before = await records.get(policyBundles, 'issued');
    const at = clock.now();
    const version = (before?.value.version ?? 0) + 1;
    const links = linksOf(sources);
    const { schema, policies } = sources;
    const { key, kid } = pairs[0]!;
    const bundle = await signBundle(
      {
        version,
        issued: at,
        schema,
        policies,
        ...(links.length > 0 && { links }),
        keys: pairs.map(({ jwk }) => ({ ...jwk })),
      },
      key,
      { alg: 'ES256', kid },
    );
    const entry = { id: 'issued', version, bundle, at };
    const detail = { version, key: kid, keys: pairs.length };
    try {
      await records.commit(
        [
          before ? write.update(policyBundles, entry, before.version) : write.insert(policyBundles, entry),
          write.put(bundleSigning, { id: 'signing', names: [...names] }),
        ],
        [{ at, actor: by, action, target: 'service:policies', detail }],
      );
    } catch (error) {
      if (!(error instanceof RecordConflict)) throw error;
      throw new ShellError('invalid', 'another bundle was signed at the same time; sign again', {
        cause: error,
      });
    }
    return { version, at, bundle };
  }

  return {
    sign: async (by) => sign(by, await signing(), 'policy.bundle-sign'),
    async issued() {
      const found = (await records.get(policyBundles, 'issued'))?.value;
      return found === undefined || found.bundle === '' ? undefined : found;
    },
    keys: async () => ({ keys: (await Promise.all((await signing()).map(pair))).map(({ jwk }) => jwk) }),
    async rotate(step, by) {
      const [current, next] = await signing();
      if (step === 'announce') {
        if (next !== undefined)
          throw new ShellError('invalid', 'the next key is announced already; finish that change first');
        const generation = Number(/-(\d+)$/.exec(current!)?.[1] ?? 1) + 1;
        return sign(by, [current!, `${firstName}-${generation}`], 'policy.bundle-key-announce');
      }
      if (next === undefined)
        throw new ShellError('invalid', 'no next key is announced; begin with: kydai policy bundle rotate');
      return sign(by, [next], 'policy.bundle-key-change');
    },
  };
}
