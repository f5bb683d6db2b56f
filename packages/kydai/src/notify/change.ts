import type { CedarUid, RevocationReason } from '@kydai/contracts';

/** Something changed that may flip decisions which an enforcement point has acted on or remembered. */
export type Change =
  | { readonly type: 'device-quarantined'; readonly device: string; readonly reason?: string }
  | { readonly type: 'device-released'; readonly device: string }
  /** It holds a valid certificate again, or none any more. */
  | { readonly type: 'device-certified' | 'device-uncertified'; readonly device: string }
  | { readonly type: 'device-moved'; readonly device: string; readonly zone: string }
  | { readonly type: 'risk-changed'; readonly device: string; readonly from: number; readonly to: number }
  /** What was known of it is too old to be believed, or was found anew after that. */
  | {
      readonly type: 'fact-stale' | 'fact-renewed';
      readonly device: string;
      readonly fact: string;
      readonly source: string;
    }
  | {
      readonly type: 'certificate-revoked';
      readonly device: string;
      readonly serial: string;
      /** Distinguished name or id of the authority. */
      readonly issuer: string;
      readonly reason: RevocationReason;
    }
  /** `by`: the actor that ended them; `system` where their time ran out. */
  | { readonly type: 'session-ended'; readonly user: string; readonly by: string; readonly sessions: number }
  /** A person signed in with other roles than the last time. */
  | {
      readonly type: 'claims-changed';
      readonly user: string;
      readonly before: readonly string[];
      readonly roles: readonly string[];
    }
  /** A build that may not ship, or an address that is refused; and the end of that. */
  | {
      readonly type: 'blocked' | 'unblocked';
      readonly kind: 'build' | 'address';
      readonly id: string;
      readonly by: string;
    }
  /** What is known of a person, a service, an agency, ... : `declared`, `withdrawn`, or the name of a fact. */
  | { readonly type: 'entity-changed'; readonly entity: CedarUid; readonly what: string }
  | { readonly type: 'policy-set-changed'; readonly policySet: string; readonly by: string };
