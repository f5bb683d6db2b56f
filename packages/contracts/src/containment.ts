import { z } from 'zod';
import { EntityRef } from './entity.ts';
import { Phrase } from './phrase.ts';

export const containmentActions = [
  'quarantine-device',
  'release-device',
  'revoke-certificate',
  'end-sessions',
  'block-release',
  'block-address',
] as const;
export const ContainmentAction = z.enum(containmentActions);
export type ContainmentAction = z.infer<typeof ContainmentAction>;

/** A request to contain, and later the proof that it took effect. */
export const Containment = z
  .strictObject({
    /** The idempotency key: the same id asked twice has one effect. */
    id: z.string(),
    action: ContainmentAction,
    target: EntityRef,
    reason: z.string(),
    /** `playbook:<run id>/<step id>` or `user:<id>`. */
    requester: z.string(),
    incidentId: z.string().optional(),
    drill: z.boolean(),
  })
  .readonly();
export type Containment = z.infer<typeof Containment>;

/** What was checked after the act, and what it said: never "we asked for it" but "it is so". */
export const ContainmentProof = z
  .strictObject({
    containmentId: z.string(),
    effective: z.boolean(),
    /** Epoch ms at which the effect was confirmed. */
    at: z.number(),
    /** Such as `ocsp: 2 of 2 certificates revoked` or `decision: publish denied by forbid quarantined`. */
    evidence: z.array(z.string()).readonly(),
    /** The same, line by line, for readers in their own language. */
    evidencePhrases: z.array(Phrase).readonly().optional(),
  })
  .readonly();
export type ContainmentProof = z.infer<typeof ContainmentProof>;

/** Carries a containment out and proves it. Rejects when it could not be carried out; the caller may try again. */
export type Contain = (containment: Containment) => Promise<ContainmentProof>;
