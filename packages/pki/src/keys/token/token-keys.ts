import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, TokenHealth } from '@kydai/contracts';
import { z } from 'zod';
import { PkiError } from '../../error.ts';
import { readPublicKey } from '../../x509/public-key.ts';
import { algorithmFor } from '../../x509/signature.ts';
import { exists, keyFile, namesIn, parseFile, readText, writeDurably } from '../files.ts';
import type { KeyOptions, KeyStore } from '../key-store.ts';
import type { NewKeyType, Signer } from '../signer.ts';
import { type LinkOptions, TokenLink } from './link.ts';
import { RefusedPin } from './refused-pin.ts';

/** What stands in the folder for a key that is in the token. Nothing in it is secret. */
const Reference = z.strictObject({
  version: z.literal(1),
  id: z.string(),
  type: z.string(),
  /** Label of the token, and CKA_ID of the key in it, hex. */
  token: z.string(),
  object: z.string().regex(/^[0-9a-f]{32}$/),
  /** SubjectPublicKeyInfo, base64. */
  publicKey: z.base64(),
});
type Reference = z.infer<typeof Reference>;

/** Written before a key is made, so that one that a kill left in the token is found again. */
const Intent = z.strictObject({ object: z.string().regex(/^[0-9a-f]{32}$/), type: z.string() });

const ending = '.token.json';
const intended = '.token.new.json';

export interface TokenSettings {
  /** Path of the PKCS#11 module. */
  readonly module: string;
  /** CKA_LABEL of the token. */
  readonly token: string;
  readonly pin: string;
  /** Signatures that are made at a time. */
  readonly sessions: number;
  /** Milliseconds after which a signature that was not made has failed; 20,000 unless told. */
  readonly patience?: number;
}

/**
 * Keys in a token (PKCS#11), beside a folder of key files. New keys are made in the token and cannot leave it; keys that
 * are in files are used from there until a rollover replaces them; keys that must be exportable stay in files. Opening
 * does not wait for the token: what is signed while it is away fails with `key-unavailable`, all else goes on.
 */
export async function openTokenKeys(options: {
  readonly folder: string;
  readonly files: KeyStore;
  readonly settings: TokenSettings;
  readonly clock: Clock;
  /** For tests. */
  readonly link?: Partial<LinkOptions>;
}): Promise<TokenKeys> {
  const { folder, files, settings, clock } = options;
  const refused = new RefusedPin(join(folder, 'refused-pin'));
  if (await refused.is(settings.pin)) {
    throw new PkiError(
      'wrong-pin',
      `token \`${settings.token}\` refused this PIN before and it is not tried again; give the right one`,
    );
  }
  const link = new TokenLink({ ...settings, clock, ...options.link });
  const noted = link.opened
    .then(
      () => refused.forget(),
      (error: unknown) =>
        error instanceof PkiError && error.code === 'wrong-pin' ? refused.remember(settings.pin) : undefined,
    )
    // A disk that is full must not hide what the token said.
    .catch(() => undefined);
  return new TokenKeys(folder, files, settings.token, link, noted);
}

export class TokenKeys implements KeyStore {
  readonly #folder: string;
  readonly #files: KeyStore;
  readonly #label: string;
  readonly #link: TokenLink;
  readonly #noted: Promise<void>;

  constructor(folder: string, files: KeyStore, label: string, link: TokenLink, noted: Promise<void>) {
    this.#folder = folder;
    this.#files = files;
    this.#label = label;
    this.#link = link;
    this.#noted = noted;
  }

  async create(id: string, type: NewKeyType, options: KeyOptions = {}): Promise<Signer> {
    const path = keyFile(this.#folder, id, ending);
    const taken = (await exists(path)) || (await this.#files.place(id)) !== undefined;
    if (taken) throw new PkiError('key-exists', `key \`${id}\` exists already; choose another name`);
    if (options.exportable === true || options.file === true) return this.#files.create(id, type, options);
    const intent = keyFile(this.#folder, id, intended);
    const object = await this.#intend(intent, type);
    const publicKey = await this.#link.ask({ act: 'create', id: object, label: `kydai ${id}`, type });
    const reference: Reference = {
      version: 1,
      id,
      type,
      token: this.#label,
      object,
      publicKey: Buffer.from(publicKey).toString('base64'),
    };
    await writeDurably(path, JSON.stringify(reference));
    await rm(intent, { force: true });
    return this.#signer(reference);
  }

  async open(id: string): Promise<Signer | undefined> {
    const reference = await this.#reference(id);
    return reference === undefined ? this.#files.open(id) : this.#signer(reference);
  }

  async exportPem(id: string): Promise<string> {
    if ((await this.#reference(id)) === undefined) return this.#files.exportPem(id);
    throw new PkiError('key-not-exportable', `key \`${id}\` is in the token and cannot leave it`);
  }

  async list(): Promise<readonly string[]> {
    const inToken = namesIn(await readdir(this.#folder), ending);
    return [...new Set([...inToken, ...(await this.#files.list())])].sort();
  }

  async remove(id: string): Promise<void> {
    const reference = await this.#reference(id);
    if (reference === undefined) return this.#files.remove(id);
    await this.#link.ask({ act: 'destroy', id: reference.object });
    await rm(keyFile(this.#folder, id, ending), { force: true });
  }

  async place(id: string): Promise<'file' | 'token' | undefined> {
    return (await this.#reference(id)) === undefined ? this.#files.place(id) : 'token';
  }

  token(): TokenHealth {
    return { label: this.#label, ...this.#link.health() };
  }

  /** Number of the process that holds the token. */
  get pid(): number | undefined {
    return this.#link.pid;
  }

  async close(): Promise<void> {
    await this.#link.close();
    await this.#noted;
    await this.#files.close();
  }

  /** CKA_ID of the key to be made: that of an earlier attempt where there was one. */
  async #intend(path: string, type: NewKeyType): Promise<string> {
    const text = await readText(path);
    const before = text === undefined ? undefined : parseFile(Intent, text, path);
    if (before?.type === type) return before.object;
    if (before !== undefined) await rm(path, { force: true });
    const object = randomBytes(16).toString('hex');
    await writeDurably(path, JSON.stringify({ object, type }));
    return object;
  }

  async #reference(id: string): Promise<Reference | undefined> {
    const path = keyFile(this.#folder, id, ending);
    const text = await readText(path);
    if (text === undefined) return undefined;
    const reference = parseFile(Reference, text, path);
    if (reference.id !== id) throw new PkiError('key-damaged', `file of key \`${id}\` names another key`);
    if (reference.token === this.#label) return reference;
    throw new PkiError(
      'key-missing',
      `key \`${id}\` is in the token \`${reference.token}\`, not in \`${this.#label}\`; check pki.keys.token`,
    );
  }

  #signer({ id, object, publicKey }: Reference): Signer {
    const spki = Buffer.from(publicKey, 'base64');
    const key = readPublicKey(spki);
    const algorithm = algorithmFor(key);
    const name = { id: object, spki, algorithm };
    return {
      id,
      algorithm,
      publicKey: key,
      sign: (data) => this.#link.ask({ act: 'sign', key: name, data }),
    };
  }
}
