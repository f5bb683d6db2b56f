import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { AuditCheckpoint } from '@kydai/contracts';
import { StoreError } from '../error.ts';

/**
 * The Ed25519 key that signs checkpoints: a private key, a function that signs with one kept elsewhere, or nothing but
 * the public key, where the log is only to be read. `previousPublicKeyPems` are the keys of older checkpoints.
 */
export interface AuditKey {
  readonly publicKeyPem: string;
  readonly privateKeyPem?: string;
  /** Signs with a key held elsewhere: the Ed25519 signature over `bytes`. */
  readonly sign?: (bytes: Uint8Array) => Promise<Uint8Array>;
  readonly previousPublicKeyPems?: readonly string[];
}

export interface CheckpointSigner {
  /** Base64. Rejects with `audit-key` where there is no private key. */
  sign(statement: Statement): Promise<string>;
  verify(checkpoint: AuditCheckpoint): boolean;
}

type Statement = Omit<AuditCheckpoint, 'signature'>;

function message({ size, root, at }: Statement): Buffer {
  return Buffer.from(`kydai-audit-v1\n${size}\n${root}\n${at}\n`, 'utf8');
}

function ed25519(read: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch (error) {
    throw new StoreError('audit-key', 'the audit key is not a readable PEM key; make an Ed25519 key', {
      cause: error,
    });
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new StoreError('audit-key', 'the audit key must be an Ed25519 key');
  }
  return key;
}

/** Reads the keys. Throws `audit-key` where they are not Ed25519 or do not belong together. */
export function checkpointSigner(key: AuditKey): CheckpointSigner {
  const publicKeys = [key.publicKeyPem, ...(key.previousPublicKeyPems ?? [])].map((pem) =>
    ed25519(() => createPublicKey(pem)),
  );
  const { privateKeyPem } = key;
  const privateKey = privateKeyPem === undefined ? undefined : ed25519(() => createPrivateKey(privateKeyPem));
  if (privateKey !== undefined && !createPublicKey(privateKey).equals(publicKeys[0]!)) {
    throw new StoreError('audit-key', 'the private and the public audit key do not belong together');
  }
  return {
    async sign(statement) {
      const bytes = message(statement);
      if (privateKey !== undefined) return sign(null, bytes, privateKey).toString('base64');
      if (key.sign === undefined) {
        throw new StoreError(
          'audit-key',
          'the audit log was opened without its private key: it can only be read',
        );
      }
      const signature = Buffer.from(await key.sign(bytes));
      if (!verify(null, bytes, publicKeys[0]!, signature)) {
        throw new StoreError(
          'audit-key',
          'the audit signer made a signature that its public key does not verify',
        );
      }
      return signature.toString('base64');
    },
    verify(checkpoint) {
      const signature = Buffer.from(checkpoint.signature, 'base64');
      return publicKeys.some((publicKey) => verify(null, message(checkpoint), publicKey, signature));
    },
  };
}
