import { createHash } from 'node:crypto';
import { type RecordStore, recordKind, type Write, write } from '@kydai/contracts';
import { z } from 'zod';
import { CsirtError } from '../error.ts';
import { canonicalJson } from '../playbook/canonical.ts';
import { CacaoPlaybook } from '../playbook/schema.ts';

/** The playbooks that runs began with, each kept once under the digest of its canonical form. */
const RunPlaybook = z.strictObject({ digest: z.string(), playbook: CacaoPlaybook });
type RunPlaybook = z.infer<typeof RunPlaybook>;
export const runPlaybooks = recordKind<RunPlaybook>({
  name: 'run_playbooks',
  schema: RunPlaybook,
  key: ({ digest }) => digest,
  indexes: {},
});

/**
 * Finds the text that a run began with: a run ends by the playbook of its beginning, whatever is in the folder by then.
 */
export class PlaybookTexts {
  readonly #records: RecordStore;
  readonly #known = new Map<string, CacaoPlaybook>();
  readonly #digests = new WeakMap<CacaoPlaybook, string>();

  constructor(records: RecordStore) {
    this.#records = records;
  }

  /** SHA-256 of the canonical JSON, hex. */
  digestOf(playbook: CacaoPlaybook): string {
    let digest = this.#digests.get(playbook);
    if (digest === undefined) {
      digest = createHash('sha256').update(canonicalJson(playbook)).digest('hex');
      this.#digests.set(playbook, digest);
    }
    return digest;
  }

  /** What the commit that begins a run must also write. */
  async writes(playbook: CacaoPlaybook): Promise<Write[]> {
    const digest = this.digestOf(playbook);
    if ((await this.#records.get(runPlaybooks, digest)) !== undefined) return [];
    return [write.put(runPlaybooks, { digest, playbook })];
  }

  async get(digest: string): Promise<CacaoPlaybook> {
    const known = this.#known.get(digest);
    if (known !== undefined) return known;
    const stored = await this.#records.get(runPlaybooks, digest);
    if (stored === undefined) {
      throw new CsirtError(
        'playbook-unknown',
        `the playbook \`${digest.slice(0, 12)}\` of a run is not kept`,
      );
    }
    this.#known.set(digest, stored.value.playbook);
    return stored.value.playbook;
  }
}
