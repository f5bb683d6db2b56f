import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Clock, type PolicyEntity, type RecordStore, recordKind, write } from '@kydai/contracts';
import { openBundle, type PolicySet, type PolicyTestReport, readEntities } from '@kydai/policy';
import type { Logger } from 'pino';
import { z } from 'zod';
import { readPolicies } from '../boot/content.ts';
import type { Config } from '../config/schema.ts';
import { ShellError } from '../error.ts';
import { asJson, type PolicySources, prepare } from './candidate.ts';

/** The text of a policy set, with the cases that try it. */
export type PolicyFiles = Pick<PolicySources, 'schema' | 'policies' | 'policyTests'>;

/** Where a policy set comes from, and the set, ready for the engine. */
export interface ReadPolicies {
  readonly policySet: PolicySet;
  /** Cases that held; none for a bundle, whose cases were run before it was signed. */
  readonly cases: number;
  /** What the cases showed, and the files that all of it was read from. */
  readonly report?: PolicyTestReport;
  readonly files: PolicyFiles;
  /** Entities that the content folder declares. */
  readonly entities: readonly PolicyEntity[];
  /** Of a bundle. */
  readonly version?: number;
}

/** Reads the policies anew, at the start and at each reload. Throws what makes them unfit; then nothing has changed. */
export type PolicySource = () => Promise<ReadPolicies>;

const Bundle = z.strictObject({
  id: z.string(),
  version: z.number().int(),
  bundle: z.string(),
  at: z.number(),
});
export const policyBundles = recordKind<z.infer<typeof Bundle>>({
  name: 'policy_bundles',
  schema: Bundle,
  key: (bundle) => bundle.id,
  indexes: {},
});

const maximumBytes = 32 * 1024 * 1024;

/** The source that the configuration names: the content folder, or a signed bundle of the centre's. */
export function policySource(parts: {
  readonly config: Config;
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly log: Logger;
}): PolicySource {
  const { config } = parts;
  if (config.policyBundle.source === '') return async () => fromFolder(readPolicies(config.content));
  let first = true;
  return async () => {
    // A bundle holds policies; what there is at the site is the site's to say.
    const entities = readPolicies(config.content).entities.map(asJson).flatMap(readEntities);
    const read = await fromBundle(parts, first);
    first = false;
    return { ...read, entities };
  };
}

function fromFolder(content: PolicySources): ReadPolicies {
  const { policySet, report, entities } = prepare(content);
  return { policySet, cases: report.passed, report, files: content, entities };
}

/**
 * INVARIANT: a bundle comes into force only after it is kept here as the newest, so that over restarts too no older
 * one ever follows it. A start works without the centre, by the bundle that was kept.
 */
async function fromBundle(
  parts: Parameters<typeof policySource>[0],
  starting: boolean,
): Promise<Omit<ReadPolicies, 'entities'>> {
  const { config, records, clock, log } = parts;
  const { source, key: keyFile } = config.policyBundle;
  const key = publicKey(keyFile);
  const kept = (await records.get(policyBundles, 'accepted'))?.value;
  const useKept = async () => {
    const { policySet, version, content } = await openBundle(kept!.bundle, key, kept!.version - 1);
    return { policySet, version, cases: 0, files: { ...content, policyTests: [] } };
  };
  let text: string;
  try {
    text = await fetchBundle(source);
    if (text === kept?.bundle) return await useKept();
    const { policySet, version, content } = await openBundle(text, key, kept?.version ?? 0);
    const entry = {
      at: clock.now(),
      actor: 'system',
      action: 'policy.bundle-accept',
      target: `service:policies`,
      detail: { version, before: kept?.version ?? null, policySet: policySet.digest },
    };
    await records.commit(
      [write.put(policyBundles, { id: 'accepted', version, bundle: text, at: clock.now() })],
      [entry],
    );
    return { policySet, version, cases: 0, files: { ...content, policyTests: [] } };
  } catch (error) {
    if (!starting || kept === undefined) throw error;
    log.error(
      { err: error, version: kept.version },
      'the policy bundle is not fit; the kept one stays in force',
    );
    return useKept();
  }
}

/** @throws ShellError `content` */
async function fetchBundle(source: string): Promise<string> {
  try {
    if (!/^https?:/.test(source)) return readFileSync(source, 'utf8').trim();
    const response = await fetch(source, { redirect: 'error', signal: AbortSignal.timeout(15_000) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength;
      if (size > maximumBytes) throw new Error('too large');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8').trim();
  } catch (error) {
    throw new ShellError(
      'content',
      `cannot read the policy bundle \`${source}\`; check \`policyBundle.source\``,
      {
        cause: error,
      },
    );
  }
}

/** @throws ShellError `setting` */
function publicKey(file: string): KeyObject {
  try {
    const text = readFileSync(file, 'utf8');
    if (!text.trimStart().startsWith('{')) return createPublicKey(text);
    const parsed = JSON.parse(text) as { keys?: [object] };
    return createPublicKey({ key: (parsed.keys?.[0] ?? parsed) as never, format: 'jwk' });
  } catch (error) {
    throw new ShellError(
      'setting',
      `setting \`policyBundle.key\`: \`${file}\` is no public key (PEM, JWK or JWK set)`,
      { cause: error },
    );
  }
}
