/** A Cedar value as plain data: records and sets nest, entities are references by Cedar type and id. */
export type CedarValue =
  | string
  | boolean
  | number
  | bigint
  | readonly CedarValue[]
  | { readonly [key: string]: CedarValue }
  | CedarEntityUid
  | CedarExtension;

/** Cedar's JSON entity escape. */
export interface CedarEntityUid {
  readonly __entity: CedarUid;
}

/** Cedar's JSON extension escape: decimal, ip, datetime, duration. */
export interface CedarExtension {
  readonly __extn: { readonly fn: string; readonly arg: string };
}

/** `Device::"cam-001"` as data. Type is the Cedar type name: `Device`, `User`, `Zone`, ... */
export interface CedarUid {
  readonly type: string;
  readonly id: string;
}

/** May this principal do this to that, now? */
export interface AccessRequest {
  readonly principal: CedarUid;
  /** The id of the Cedar action: `publish`, `enrol`, `ship`, `contain-unattended`. */
  readonly action: string;
  readonly resource: CedarUid;
  readonly context?: Readonly<Record<string, CedarValue>>;
}

/** A policy that took part in a decision. `id` is its `@id` annotation, or `file#n` without one. */
export interface DecidingPolicy {
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  /** The policy's `@reason` annotation, in the language asked for where it has one; shown to people. */
  readonly reason?: string;
  /** The `@reason_en` annotation. */
  readonly reasonEn?: string;
}

/** A policy that failed to evaluate, and why. */
export interface PolicyFailure {
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  readonly message: string;
}

export interface Decision {
  readonly allowed: boolean;
  /**
   * Forbidden: a forbid stands in the way. Not permitted: no permit applied. Stale: nothing but facts that are too old to
   * be believed stand in the way. Told apart because the remedy differs.
   */
  readonly outcome: 'permitted' | 'forbidden' | 'not-permitted' | 'stale';
  /**
   * For permitted: the permits. For forbidden: the forbids, including those that failed to evaluate. For stale: the
   * policies that asked for a stale fact.
   */
  readonly determining: readonly DecidingPolicy[];
  readonly failures: readonly PolicyFailure[];
  /** Digest of the policy set that decided, first 12 hex digits of SHA-256. */
  readonly policySet: string;
  /** For stale: the facts. */
  readonly stale?: readonly StaleFact[];
}

/** A fact that a policy asked for and that is too old to be believed. */
export interface StaleFact {
  /** As the policy names it: `principal.risk`. */
  readonly name: string;
  readonly source: string;
  /** Epoch milliseconds: since when it was believed, and until when it might be. */
  readonly at: number;
  readonly until: number;
}

/**
 * Decides by the policy set in force. Synchronous and without effects; facts are those of the entity store at this
 * moment. Every decision the product makes goes through this one port.
 */
export type Decide = (request: AccessRequest) => Decision;

/** An entity as the policy engine keeps it. */
export interface PolicyEntity {
  readonly uid: CedarUid;
  readonly attrs: Readonly<Record<string, CedarValue>>;
  readonly parents: readonly CedarUid[];
  readonly tags?: Readonly<Record<string, CedarValue>>;
}
