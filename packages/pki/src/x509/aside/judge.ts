import { createPublicKey, verify } from 'node:crypto';
import { toPem } from '../pem.ts';
import { type Claim, Verdict } from './messages.ts';

/** Checks one signature on the calling thread. */
export function judge({ spki, hash, data, signature }: Claim): number {
  let key: ReturnType<typeof createPublicKey>;
  try {
    // PEM in a string: for DER in an object, Node throws and catches four errors inside before it reads the key.
    key = createPublicKey(toPem('PUBLIC KEY', spki));
  } catch {
    return Verdict.notAKey;
  }
  return verify(hash, data, key, signature) ? Verdict.good : Verdict.bad;
}
