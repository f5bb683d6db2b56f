import type { LoggedChange } from '../changes.ts';

const caep = (name: string) => `https://schemas.openid.net/secevent/caep/event-type/${name}`;
const ssf = (name: string) => `https://schemas.openid.net/secevent/ssf/event-type/${name}`;

/** Event types of CAEP 1.0 that we send. */
export const supportedEvents = [
  caep('session-revoked'),
  caep('device-compliance-change'),
  caep('credential-change'),
  caep('risk-level-change'),
] as const;

/** SSF 1.0 section 8.1.4.1. */
export const verificationEvent = ssf('verification');

/** Subject Identifier (RFC 9493). */
export type SubjectId = { readonly format: string } & Readonly<Record<string, unknown>>;

/** What one SET says: who, and one event. */
export interface SecurityEvent {
  readonly subject: SubjectId;
  readonly type: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The CAEP event of a change; undefined where CAEP has no word for it. */
export function securityEvent({ change, at }: LoggedChange, issuer: string): SecurityEvent | undefined {
  const made = (
    kind: 'device' | 'user',
    id: string,
    type: (typeof supportedEvents)[number],
    claims: Record<string, unknown>,
    initiator = 'policy',
  ): SecurityEvent => ({
    subject: { format: 'complex', [kind]: { format: 'iss_sub', iss: issuer, sub: id } },
    type,
    claims: { ...claims, event_timestamp: Math.floor(at / 1000), initiating_entity: initiator },
  });
  const compliance = (device: string, compliant: boolean, why: string) =>
    made('device', device, caep('device-compliance-change') as (typeof supportedEvents)[1], {
      previous_status: compliant ? 'not-compliant' : 'compliant',
      current_status: compliant ? 'compliant' : 'not-compliant',
      reason_admin: { en: why },
    });
  switch (change.type) {
    case 'device-quarantined':
      return compliance(change.device, false, change.reason ?? 'quarantined');
    case 'device-released':
      return compliance(change.device, true, 'released from quarantine');
    case 'certificate-revoked':
      return made('device', change.device, supportedEvents[2], {
        credential_type: 'x509',
        change_type: 'revoke',
        x509_issuer: change.issuer,
        x509_serial: change.serial,
        reason_admin: { en: change.reason },
      });
    case 'session-ended':
      return made(
        'user',
        change.user,
        supportedEvents[0],
        { reason_admin: { en: `${change.sessions} sessions ended` } },
        change.by === `user:${change.user}` ? 'user' : change.by.startsWith('user:') ? 'admin' : 'policy',
      );
    case 'risk-changed': {
      const [previous, current] = [riskLevel(change.from), riskLevel(change.to)];
      if (previous === current) return undefined;
      return made('device', change.device, supportedEvents[3], {
        principal: 'DEVICE',
        previous_level: previous,
        current_level: current,
        risk_reason: 'detections',
      });
    }
    default:
      return undefined;
  }
}

/** Policies deny from 80 on. */
function riskLevel(risk: number): 'LOW' | 'MEDIUM' | 'HIGH' {
  if (risk >= 80) return 'HIGH';
  return risk >= 40 ? 'MEDIUM' : 'LOW';
}
