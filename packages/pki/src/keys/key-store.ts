import { createPrivateKey, generateKeyPair, type KeyObject, randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TokenHealth } from '@kydai/contracts';
import { z } from 'zod';
import { PkiError } from '../error.ts';
import { toPem } from '../x509/pem.ts';
import { exists, keyFile, namesIn, parseFile, readText, writeDurably } from './files.ts';
import { defaultScryptCost, masterKey, ScryptCost, SealedBytes, seal, unseal } from './seal.ts';
import { type NewKeyType, processSigner, type Signer } from './signer.ts';

const generate = promisify(generateKeyPair);

export interface KeyOptions {
  /** May be had as PEM by this program: for TLS listeners. Such a key is always in a file. */
  readonly exportable?: boolean;
  /** In a file also where there is a token. */
  readonly file?: boolean;
}

/** Private keys by name. */
export interface KeyStore {
  /** Makes a key and keeps it durably before it is usable. `key-exists` when the name is taken. */
  create(id: string, type: NewKeyType, options?: KeyOptions): Promise<Signer>;
  /** Undefined when there is no key of this name. `key-damaged` when it cannot be decrypted. */
  open(id: string): Promise<Signer | undefined>;
  /** PKCS#8 PEM, only of keys that were made exportable (our own TLS listener); else `key-not-exportable`. */
  exportPem(id: string): Promise<string>;
  list(): Promise<readonly string[]>;
  remove(id: string): Promise<void>;
  /** Where a key is: in an encrypted file or in a token; undefined when there is none of this name. */
  place(id: string): Promise<'file' | 'token' | undefined>;
  /** How the token does, where keys are in one. */
  token?(): TokenHealth;
  /** Lets go of the token, where keys are in one. */
  close(): Promise<void>;
}

const MasterFile = z.strictObject({
  version: z.literal(1),
  kdf: z.literal('scrypt'),
  cost: ScryptCost,
  salt: z.base64(),
  check: SealedBytes,
});

const KeyFile = z.strictObject({
  version: z.literal(1),
  id: z.string(),
  type: z.string(),
  exportable: z.boolean(),
  /** SubjectPublicKeyInfo, base64. */
  publicKey: z.base64(),
  /** PKCS#8. */
  privateKey: SealedBytes,
});
type KeyFile = z.infer<typeof KeyFile>;

/**
 * Opens a folder of encrypted key files (scrypt, HKDF, AES-256-GCM), making it on first use. Files are written whole:
 * to a temporary name, synced, then linked to their own. `wrong-passphrase` when the folder was made with another one.
 */
export async function openKeyStore(options: {
  readonly folder: string;
  readonly passphrase: string;
  /** For a folder that is made now; lower it only in tests. */
  readonly cost?: ScryptCost;
}): Promise<KeyStore> {
  const { folder, passphrase } = options;
  if (passphrase.length < 8) {
    throw new PkiError('bad-setting', 'key passphrase is shorter than 8 characters; choose a longer one');
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const master = await openMaster(join(folder, 'master.json'), passphrase, options.cost ?? defaultScryptCost);
  return new FileKeyStore(folder, master);
}

async function openMaster(path: string, passphrase: string, cost: ScryptCost): Promise<Buffer> {
  const text = await readText(path);
  if (text === undefined) {
    const salt = randomBytes(32);
    const master = await masterKey(passphrase, salt, cost);
    const check = seal(master, 'check', 'kydai', randomBytes(16));
    const file = { version: 1, kdf: 'scrypt', cost, salt: salt.toString('base64'), check };
    await writeDurably(path, JSON.stringify(file));
    return master;
  }
  const file = parseFile(MasterFile, text, path);
  const master = await masterKey(passphrase, Buffer.from(file.salt, 'base64'), file.cost);
  try {
    unseal(master, 'check', 'kydai', file.check);
  } catch (cause) {
    throw new PkiError('wrong-passphrase', 'keys cannot be decrypted with this passphrase; check it', {
      cause,
    });
  }
  return master;
}

class FileKeyStore implements KeyStore {
  readonly #folder: string;
  readonly #master: Buffer;

  constructor(folder: string, master: Buffer) {
    this.#folder = folder;
    this.#master = master;
  }

  async create(id: string, type: NewKeyType, options: KeyOptions = {}): Promise<Signer> {
    const path = this.#path(id);
    if (await exists(path))
      throw new PkiError('key-exists', `key \`${id}\` exists already; choose another name`);
    const { privateKey, publicKey } = await generateKey(type);
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
    const exportable = options.exportable ?? false;
    const head = { version: 1, id, type, exportable, publicKey: spki.toString('base64') } as const;
    const file: KeyFile = { ...head, privateKey: seal(this.#master, id, JSON.stringify(head), pkcs8) };
    pkcs8.fill(0);
    await writeDurably(path, JSON.stringify(file));
    return processSigner(id, privateKey, spki);
  }

  async open(id: string): Promise<Signer | undefined> {
    const read = await this.#read(id);
    if (read === undefined && (await exists(keyFile(this.#folder, id, '.token.json'))))
      throw new PkiError('key-missing', `key \`${id}\` is in a token; set pki.keys to it`);
    return read === undefined
      ? undefined
      : processSigner(id, read.key, Buffer.from(read.file.publicKey, 'base64'));
  }

  async exportPem(id: string): Promise<string> {
    const read = await this.#read(id);
    if (read === undefined) throw new PkiError('key-missing', `there is no key \`${id}\``);
    if (!read.file.exportable)
      throw new PkiError('key-not-exportable', `key \`${id}\` may not leave the key store`);
    return toPem('PRIVATE KEY', read.key.export({ format: 'der', type: 'pkcs8' }));
  }

  async list(): Promise<readonly string[]> {
    return namesIn(await readdir(this.#folder), '.key.json').sort();
  }

  async close(): Promise<void> {}

  async place(id: string): Promise<'file' | undefined> {
    return (await exists(this.#path(id))) ? 'file' : undefined;
  }

  async remove(id: string): Promise<void> {
    await rm(this.#path(id), { force: true });
  }

  async #read(id: string): Promise<{ file: KeyFile; key: KeyObject } | undefined> {
    const path = this.#path(id);
    const text = await readText(path);
    if (text === undefined) return undefined;
    const { privateKey, ...head } = parseFile(KeyFile, text, path);
    if (head.id !== id) throw new PkiError('key-damaged', `file of key \`${id}\` holds another key`);
    const pkcs8 = unseal(this.#master, id, JSON.stringify(head), privateKey);
    const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    pkcs8.fill(0);
    return { file: { ...head, privateKey }, key };
  }

  #path(id: string): string {
    return keyFile(this.#folder, id, '.key.json');
  }
}

async function generateKey(type: NewKeyType): Promise<{ privateKey: KeyObject; publicKey: KeyObject }> {
  switch (type) {
    case 'EC-P256':
      return generate('ec', { namedCurve: 'P-256' });
    case 'EC-P384':
      return generate('ec', { namedCurve: 'P-384' });
    case 'Ed25519':
      return generate('ed25519');
    case 'ML-DSA-44':
      return generate('ml-dsa-44');
    case 'ML-DSA-65':
      return generate('ml-dsa-65');
    case 'ML-DSA-87':
      return generate('ml-dsa-87');
    default:
      return generate('rsa', { modulusLength: Number(type.slice(4)) });
  }
}
