import { verify } from 'node:crypto';
import { toPem } from '../pem.ts';
import { type Claim, Verdict } from './messages.ts';

/** Checks one signature on the calling thread. */
export function judge({ spki, hash, data, signature }: Claim): number {
  try {
    // The key as PEM, because node:crypto takes three times as long to read DER; and an object of it is a detour.
    return verify(hash, data, toPem('PUBLIC KEY', spki), signature) ? Verdict.good : Verdict.bad;
  } catch {
    return Verdict.notAKey;
  }
}
