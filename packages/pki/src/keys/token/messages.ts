import type { SignatureAlgorithm } from '../../x509/signature.ts';
import type { NewKeyType } from '../signer.ts';

/** What the program and the process that holds the token say to one another. */

/** First of all, once: which module and token, and the PIN, which goes over the pipe and nowhere else. */
export interface Open {
  readonly module: string;
  /** CKA_LABEL of the token. */
  readonly token: string;
  readonly pin: string;
  readonly sessions: number;
}

/** A key by its CKA_ID, hex, and the public key that must go with it. */
export interface KeyName {
  readonly id: string;
  readonly spki: Uint8Array;
  readonly algorithm: SignatureAlgorithm;
}

export type Act =
  | { readonly act: 'sign'; readonly key: KeyName; readonly data: Uint8Array }
  | { readonly act: 'create'; readonly id: string; readonly label: string; readonly type: NewKeyType }
  | { readonly act: 'destroy'; readonly id: string };

export type Request =
  | { readonly open: Open }
  | { readonly number: number; readonly act: Act }
  | { readonly close: true };

/** `failed`: this act and no other; `lost`: the token or its module, so that a new process is needed. */
export type Fault = {
  readonly kind: 'failed' | 'lost' | 'missing' | 'unsupported';
  readonly message: string;
};

export type Reply =
  | { readonly ready: true }
  /** `refused`: the PIN is wrong or locked, and must not be tried again. */
  | { readonly closed: 'refused' | 'lost'; readonly message: string }
  | { readonly number: number; readonly octets: Uint8Array }
  | { readonly number: number; readonly fault: Fault };
