import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Clock, type RecordStore, recordKind, write } from '@kydai/contracts';
import { type BundleKey, bundleKey, openBundle, readBundleKeys } from '@kydai/policy';
import type { Logger } from 'pino';
import { z } from 'zod';
import { isLoopback } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { ShellError } from '../error.ts';
import type { ReadPolicies } from './source.ts';

const Bundle = z.strictObject({
  id: z.string(),
  version: z.number().int(),
  bundle: z.string(),
  at: z.number(),
  /** Public JWKs that an accepted bundle handed the trust over to. */
  keys: z.array(z.record(z.string(), z.unknown())).optional(),
  /** Digest of the key file at that time: a changed file is trusted anew, so that a person can always set it right. */
  keyFile: z.string().optional(),
});
export const policyBundles = recordKind<z.infer<typeof Bundle>>({
  name: 'policy_bundles',
  schema: Bundle,
  key: (bundle) => bundle.id,
  indexes: {},
});

/** What an edge site knows of its bundle. */
export interface BundleStatus {
  readonly source: string;
  /** Of the bundle in force; absent before the first. */
  readonly version?: number;
  readonly accepted?: number;
  /** When the source was last asked, and what was wrong with its answer. */
  readonly checked?: number;
  readonly problem?: string;
  readonly trusted: readonly string[];
}

export interface BundleSource {
  /** The newest bundle; at a start, where it cannot be had or is not fit, the one that is kept. */
  read(starting: boolean): Promise<Omit<ReadPolicies, 'entities'>>;
  /** Whether there is another one than that in force and than the last that was refused. */
  changed(): Promise<boolean>;
  status(): Promise<BundleStatus>;
}

const maximumBytes = 32 * 1024 * 1024;

/**
 * The bundle of the centre's, from a file or an address.
 *
 * INVARIANT: a bundle comes into force only after it is kept here as the newest, so that over restarts too no older
 * one ever follows it. A start works without the centre, by the bundle that was kept.
 */
export function bundleSource(parts: {
  readonly config: Config['policyBundle'];
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'error'>;
}): BundleSource {
  const { config, records, clock, log } = parts;
  let etag: string | undefined;
  let known: string | undefined;
  let refused: string | undefined;
  let checked: number | undefined;
  let problem: string | undefined;
  const kept = async () => (await records.get(policyBundles, 'accepted'))?.value;

  async function trusted(): Promise<{ readonly keys: readonly BundleKey[]; readonly file: string }> {
    const text = keyFile(config.key);
    const file = createHash('sha256').update(text).digest('hex');
    const held = await kept();
    const handedOver = held?.keys !== undefined && held.keyFile === file ? held.keys : undefined;
    return {
      keys: handedOver ? await Promise.all(handedOver.map(bundleKey)) : await readBundleKeys(text),
      file,
    };
  }

  /** The text that the source has now; asked conditionally once it is known. */
  async function fetched(): Promise<string> {
    checked = clock.now();
    try {
      const answer = await fetchBundle(config, known === undefined ? undefined : etag);
      if (answer !== 'unchanged') ({ text: known, etag } = answer);
      problem = undefined;
      return known!;
    } catch (error) {
      problem = (error as Error).message;
      throw error;
    }
  }

  /** The kept one was verified when it was accepted, by keys that may not be trusted any more. */
  async function useKept(held: z.infer<typeof Bundle>): Promise<Omit<ReadPolicies, 'entities'>> {
    const { keys } = await trusted();
    const former = await readBundleKeys(keyFile(config.key)).catch(() => []);
    const all = [...keys, ...former.filter(({ kid }) => keys.every((key) => key.kid !== kid))];
    const { policySet, version, content } = await openBundle(held.bundle, all, held.version - 1);
    return { policySet, version, cases: 0, files: { ...content, policyTests: [] } };
  }

  return {
    async read(starting) {
      const held = await kept();
      let text: string | undefined;
      try {
        text = await fetched();
        if (text === held?.bundle) return await useKept(held);
        const { keys, file } = await trusted();
        const opened = await openBundle(text, keys, held?.version ?? 0);
        const { policySet, version, content, kid } = opened;
        const handed = opened.keys?.map((key) => ({ ...key.jwk, kid: key.kid }));
        const at = clock.now();
        const detail = { version, before: held?.version ?? null, policySet: policySet.digest, key: kid };
        await records.commit(
          [
            write.put(policyBundles, {
              id: 'accepted',
              version,
              bundle: text,
              at,
              ...(handed && { keys: handed, keyFile: file }),
            }),
          ],
          [{ at, actor: 'system', action: 'policy.bundle-accept', target: 'service:policies', detail }],
        );
        refused = undefined;
        return { policySet, version, cases: 0, files: { ...content, policyTests: [] } };
      } catch (error) {
        problem = (error as Error).message;
        refused = text;
        if (!starting || held === undefined) throw error;
        log.error(
          { err: error, version: held.version },
          'the policy bundle is not fit; the kept one stays in force',
        );
        return useKept(held);
      }
    },
    async changed() {
      const text = await fetched();
      return text !== (await kept())?.bundle && text !== refused;
    },
    async status() {
      const held = await kept();
      const { keys } = await trusted().catch(() => ({ keys: [] as readonly BundleKey[] }));
      return {
        source: config.source,
        ...(held && { version: held.version, accepted: held.at }),
        ...(checked !== undefined && { checked }),
        ...(problem !== undefined && { problem }),
        trusted: keys.map(({ kid }) => kid),
      };
    },
  };
}

/** @throws ShellError `content` */
async function fetchBundle(
  { source, token }: Config['policyBundle'],
  etag: string | undefined,
): Promise<'unchanged' | { readonly text: string; readonly etag: string | undefined }> {
  try {
    if (!/^https?:/.test(source)) return { text: readFileSync(source, 'utf8').trim(), etag: undefined };
    const { protocol, hostname } = new URL(source);
    if (token !== '' && protocol === 'http:' && !isLoopback(hostname))
      throw new Error('the token would go over the network in the clear; use https');
    const response = await fetch(source, {
      redirect: 'error',
      signal: AbortSignal.timeout(15_000),
      headers: {
        accept: 'application/jose',
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(etag === undefined ? {} : { 'if-none-match': etag }),
      },
    });
    if (response.status === 304 && etag !== undefined) return 'unchanged';
    if (!response.ok) throw new Error(`status ${response.status}`);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength;
      if (size > maximumBytes) throw new Error('it is too large');
      chunks.push(chunk);
    }
    const text = Buffer.concat(chunks).toString('utf8').trim();
    return { text, etag: response.headers.get('etag') ?? undefined };
  } catch (error) {
    const { message, cause } = error as Error & { cause?: { code?: string } };
    const why = cause?.code ?? message;
    throw new ShellError(
      'content',
      `cannot read the policy bundle \`${source}\` (${why}); check \`policyBundle.source\``,
      { cause: error },
    );
  }
}

/** @throws ShellError `setting` */
function keyFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ShellError(
      'setting',
      `setting \`policyBundle.key\`: cannot read \`${file}\`; write there the public key (PEM, JWK or JWK set)`,
      { cause: error },
    );
  }
}
