import { KydaiError } from '@kydai/contracts';

export type CsirtErrorCode =
  /** The text is not JSON, is too large or too deep. */
  | 'playbook-unreadable'
  /** JSON, but not a CACAO v2 playbook; `places` says where and why. */
  | 'playbook-invalid'
  /** A valid playbook that this executor cannot run. */
  | 'playbook-unsupported'
  | 'playbook-unknown'
  | 'condition-invalid'
  | 'signature-invalid'
  | 'incident-unknown'
  /** The incident's state does not allow the action. */
  | 'transition-refused'
  | 'run-unknown'
  /** The step does not wait for a person, or no longer does. */
  | 'step-not-waiting'
  /** A decision about many steps names none, or too many. */
  | 'decision-size'
  | 'decision-unknown'
  | 'obligation-invalid'
  /** The records kept changing under us, more often than is plausible. */
  | 'busy';

/** Where in a document something is wrong: a JSON path such as `workflow.action--….on_completion`. */
export interface Place {
  readonly path: string;
  readonly message: string;
}

/** Everything that this package throws on purpose. */
export class CsirtError extends KydaiError<CsirtErrorCode> {
  readonly places: readonly Place[];

  constructor(code: CsirtErrorCode, message: string, places: readonly Place[] = [], options?: ErrorOptions) {
    super(code, message, options);
    this.places = places;
  }
}
