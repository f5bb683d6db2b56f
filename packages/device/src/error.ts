import { KydaiError } from '@kydai/contracts/error';

export type DeviceErrorCode =
  /** The answer is not DER, not PKCS #7, or holds no certificate. */
  | 'answer-unreadable'
  /** The certificate that came back is not for our key or our name, or does not lead to the CA. */
  | 'certificate-wrong'
  /** The server refused for good: wrong token, refused by policy. */
  | 'enrolment-refused'
  /** The server could not be reached or asks to come back later; `retryAfter` may say when. */
  | 'server-unavailable'
  | 'not-enrolled'
  | 'input-invalid'
  /** A sealed reading that cannot be opened: wrong key, changed on the way, unknown device. */
  | 'seal-invalid'
  /** A sealed reading that came before, or is too old or from the future. */
  | 'seal-replayed';

/** Everything that this package throws on purpose. */
export class DeviceError extends KydaiError<DeviceErrorCode> {
  /** Seconds after which the server wants to be asked again. */
  readonly retryAfter: number | undefined;

  constructor(
    code: DeviceErrorCode,
    message: string,
    options?: ErrorOptions & { readonly retryAfter?: number },
  ) {
    super(code, message, options);
    this.retryAfter = options?.retryAfter;
  }
}
