import { recordKind } from '@kydai/contracts';
import { z } from 'zod';
import type { Change } from './change.ts';

/** What enforcement points were last told, by subject: `device/cam-1`, `blocked/build:web-4`, `policies`, `revocations`. */
export type Told = ReadonlyMap<string, Facts>;
export type Facts = Readonly<Record<string, unknown>>;

const ToldFacts = z.strictObject({ subject: z.string(), facts: z.record(z.string(), z.unknown()) });
export const toldFacts = recordKind<z.infer<typeof ToldFacts>>({
  name: 'told_facts',
  schema: ToldFacts,
  key: ({ subject }) => subject,
  indexes: {},
});

/** The subject of a change and what it says of it; undefined for what has no standing that could be compared later. */
export function toldBy(
  change: Change,
  at: number,
): { readonly subject: string; readonly facts: Facts } | undefined {
  switch (change.type) {
    case 'device-quarantined':
      return { subject: deviceSubject(change.device), facts: { quarantined: true } };
    case 'device-released':
      return { subject: deviceSubject(change.device), facts: { quarantined: false } };
    case 'device-certified':
      return { subject: deviceSubject(change.device), facts: { certified: true } };
    case 'device-uncertified':
      return { subject: deviceSubject(change.device), facts: { certified: false } };
    case 'device-moved':
      return { subject: deviceSubject(change.device), facts: { zone: change.zone } };
    case 'risk-changed':
      return { subject: deviceSubject(change.device), facts: { risk: change.to } };
    case 'fact-stale':
      return { subject: deviceSubject(change.device), facts: { [`stale ${change.fact}`]: true } };
    case 'fact-renewed':
      return { subject: deviceSubject(change.device), facts: { [`stale ${change.fact}`]: false } };
    case 'blocked':
      return { subject: `blocked/${change.kind}:${change.id}`, facts: { blocked: true } };
    case 'unblocked':
      return { subject: `blocked/${change.kind}:${change.id}`, facts: { blocked: false } };
    case 'policy-set-changed':
      return { subject: 'policies', facts: { policySet: change.policySet, at } };
    case 'certificate-revoked':
      return { subject: 'revocations', facts: { at } };
    case 'session-ended':
    case 'claims-changed':
    case 'entity-changed':
      return undefined;
  }
}

export const deviceSubject = (device: string) => `device/${device}`;

/** Whether a device is fit to be trusted by what was told of it: neither quarantined nor known by stale facts alone. */
export function compliant(facts: Facts | undefined): boolean {
  return !Object.entries(facts ?? {}).some(
    ([name, value]) => value === true && (name === 'quarantined' || name.startsWith('stale ')),
  );
}
