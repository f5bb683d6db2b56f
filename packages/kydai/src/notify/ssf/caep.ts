import { issuerAndSubject } from '../../sign-in/subject.ts';
import type { StandingChange } from '../changes.ts';

const caep = <Name extends string>(name: Name) =>
  `https://schemas.openid.net/secevent/caep/event-type/${name}` as const;
const ssf = (name: string) => `https://schemas.openid.net/secevent/ssf/event-type/${name}`;
/** For what flips decisions and has no word in CAEP. */
const own = <Name extends string>(name: Name) => `urn:x-kydai:event-type:${name}` as const;

const sessionRevoked = caep('session-revoked');
const deviceCompliance = caep('device-compliance-change');
const credentialChange = caep('credential-change');
const riskLevel = caep('risk-level-change');
const claimsChange = caep('token-claims-change');
const zoneChange = own('device-zone-change');
const blockChange = own('block-change');
const entityChange = own('entity-change');
const policyChange = own('policy-set-change');

/** Event types that we send: those of CAEP 1.0, and our own. */
export const supportedEvents = [
  sessionRevoked,
  deviceCompliance,
  credentialChange,
  riskLevel,
  claimsChange,
  zoneChange,
  blockChange,
  entityChange,
  policyChange,
] as const;

/** SSF 1.0 sections 8.1.4.1 and 8.1.5. */
export const verificationEvent = ssf('verification');
export const streamUpdatedEvent = ssf('stream-updated');

/** Subject Identifier (RFC 9493). */
export type SubjectId = { readonly format: string } & Readonly<Record<string, unknown>>;

/** What one SET says: who, and one event. */
export interface SecurityEvent {
  readonly subject: SubjectId;
  readonly type: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The event of a change; undefined where it changes nothing that receivers could be told. */
export function securityEvent(
  { change, at, compliant }: StandingChange,
  issuer: string,
): SecurityEvent | undefined {
  const when = { event_timestamp: Math.floor(at / 1000) };
  const device = (id: string) => ({
    format: 'complex',
    device: { format: 'iss_sub', iss: issuer, sub: id },
  });
  /** A person of a provider as that provider names them, so that receivers know whom we mean. */
  const user = (id: string) => {
    const { issuer: iss, subject: sub } = issuerAndSubject(id) ?? { issuer, subject: id };
    return { format: 'complex', user: { format: 'iss_sub', iss, sub } };
  };
  const initiator = (by: string, whom = '') =>
    by === whom ? 'user' : by.startsWith('user:') ? 'admin' : by === 'system' ? 'system' : 'policy';
  const compliance = (id: string, why: string): SecurityEvent | undefined => {
    if (compliant === undefined || compliant.before === compliant.after) return undefined;
    const word = (is: boolean) => (is ? 'compliant' : 'not-compliant');
    return {
      subject: device(id),
      type: deviceCompliance,
      claims: {
        previous_status: word(compliant.before),
        current_status: word(compliant.after),
        reason_admin: { en: why },
        initiating_entity: 'policy',
        ...when,
      },
    };
  };
  switch (change.type) {
    case 'device-quarantined':
      return compliance(change.device, change.reason ?? 'quarantined');
    case 'device-released':
      return compliance(change.device, 'released from quarantine');
    case 'fact-stale':
      return compliance(change.device, `what ${change.source} said of its ${change.fact} is stale`);
    case 'fact-renewed':
      return compliance(change.device, `${change.source} reported its ${change.fact} anew`);
    case 'certificate-revoked':
      return {
        subject: device(change.device),
        type: credentialChange,
        claims: {
          credential_type: 'x509',
          change_type: 'revoke',
          x509_issuer: change.issuer,
          x509_serial: change.serial,
          reason_admin: { en: change.reason },
          initiating_entity: 'policy',
          ...when,
        },
      };
    case 'device-certified':
    case 'device-uncertified': {
      const certified = change.type === 'device-certified';
      return {
        subject: device(change.device),
        type: credentialChange,
        claims: {
          credential_type: 'x509',
          change_type: certified ? 'create' : 'delete',
          reason_admin: {
            en: certified ? 'holds a valid certificate' : 'holds no valid certificate any more',
          },
          initiating_entity: 'policy',
          ...when,
        },
      };
    }
    case 'risk-changed': {
      const [previous, current] = [levelOf(change.from), levelOf(change.to)];
      if (previous === current) return undefined;
      return {
        subject: device(change.device),
        type: riskLevel,
        claims: {
          principal: 'DEVICE',
          previous_level: previous,
          current_level: current,
          risk_reason: 'detections',
          initiating_entity: 'policy',
          ...when,
        },
      };
    }
    case 'device-moved':
      return {
        subject: device(change.device),
        type: zoneChange,
        claims: { zone: change.zone, initiating_entity: 'policy', ...when },
      };
    case 'session-ended':
      return {
        subject: user(change.user),
        type: sessionRevoked,
        claims: {
          reason_admin: {
            en: change.by === 'system' ? 'the session’s time ran out' : `sessions ended: ${change.sessions}`,
          },
          initiating_entity: initiator(change.by, `user:${change.user}`),
          ...when,
        },
      };
    case 'claims-changed':
      return {
        subject: user(change.user),
        type: claimsChange,
        claims: { claims: { roles: change.roles }, initiating_entity: 'system', ...when },
      };
    case 'blocked':
    case 'unblocked':
      return {
        subject:
          change.kind === 'address'
            ? { format: 'ip-addresses', 'ip-addresses': [change.id] }
            : { format: 'opaque', id: `build:${change.id}` },
        type: blockChange,
        claims: {
          kind: change.kind,
          blocked: change.type === 'blocked',
          initiating_entity: initiator(change.by),
          ...when,
        },
      };
    case 'policy-set-changed':
      return {
        subject: { format: 'opaque', id: 'policies' },
        type: policyChange,
        claims: { policy_set: change.policySet, initiating_entity: initiator(change.by), ...when },
      };
    case 'entity-changed': {
      const { type, id } = change.entity;
      return {
        subject: type === 'User' ? user(id) : { format: 'opaque', id: `${type}::${id}` },
        type: entityChange,
        claims: { what: change.what, initiating_entity: 'system', ...when },
      };
    }
  }
}

/** Policies deny from 80 on. */
function levelOf(risk: number): 'LOW' | 'MEDIUM' | 'HIGH' {
  if (risk >= 80) return 'HIGH';
  return risk >= 40 ? 'MEDIUM' : 'LOW';
}
