import { KydaiError } from '@kydai/contracts';

/** Everything that this package refuses, by name. Closed: callers may switch over it. */
export type PkiErrorCode =
  // bytes
  | 'malformed-der'
  | 'der-too-deep'
  | 'der-too-large'
  | 'malformed-pem'
  | 'malformed-request'
  | 'malformed-certificate'
  // what was asked for
  | 'bad-signature'
  | 'unsupported-algorithm'
  | 'weak-key'
  | 'unsupported-attribute'
  | 'unsupported-extension'
  | 'bad-subject'
  | 'bad-name'
  | 'subject-mismatch'
  | 'key-revoked'
  | 'key-in-use'
  | 'lint-failed'
  | 'proof-spent'
  // who asked
  | 'token-missing'
  | 'token-wrong'
  | 'token-used'
  | 'token-expired'
  | 'certificate-required'
  | 'certificate-refused'
  | 'denied'
  | 'binding-required'
  | 'binding-mismatch'
  | 'approval-pending'
  // what it was about
  | 'unknown-device'
  | 'unknown-issuer'
  | 'issuer-revoked'
  | 'unknown-certificate'
  | 'unknown-profile'
  | 'device-exists'
  | 'bad-setting'
  // keys
  | 'wrong-passphrase'
  | 'key-exists'
  | 'key-missing'
  | 'key-mismatch'
  | 'key-damaged'
  | 'key-not-exportable'
  | 'key-unavailable'
  | 'wrong-pin'
  // load
  | 'body-too-large'
  | 'busy'
  | 'conflict';

/** The one error class that this package throws on purpose. */
export class PkiError extends KydaiError<PkiErrorCode> {}
