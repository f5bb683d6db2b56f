import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 random bits as text that survives URLs, headers and shells. */
export function newSecret(prefix: string): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`;
}

/** What is kept of a secret: enough to know it again, not enough to use it. */
export function secretDigest(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Compares in a time that tells nothing about where they differ. */
export function sameSecret(left: string, right: string): boolean {
  return timingSafeEqual(Buffer.from(secretDigest(left)), Buffer.from(secretDigest(right)));
}
