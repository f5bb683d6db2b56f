import { PkiError } from '../error.ts';
import { hostIn } from './constrained-names.ts';
import { type Profile, readProfile } from './profile.ts';

const signing = { ec: ['digitalSignature'], ed25519: ['digitalSignature'] } as const;
const authorityUsage = ['keyCertSign', 'cRLSign'] as const;
const authorityUsages = { ec: authorityUsage, ed25519: authorityUsage, rsa: authorityUsage } as const;

const anyIssuing = {
  days: 3650,
  backdateMinutes: 60,
  keyTypes: ['EC-P256', 'EC-P384'],
  keyUsage: authorityUsages,
  purposes: [],
  names: [],
  ocspNoCheck: false,
} as const;
const issuing = {
  ...anyIssuing,
  id: 'issuing-ca',
  issuer: 'root',
  // Another generation of itself that it vouches for.
  authority: { pathLength: 1 },
} as const;

/** The profiles that come with the product. */
const builtIn: readonly unknown[] = [
  {
    id: 'root',
    issuer: 'self',
    days: 7305,
    backdateMinutes: 60,
    keyTypes: ['EC-P384'],
    keyUsage: authorityUsages,
    purposes: [],
    names: [],
    // Another root that it vouches for, the authority below that, and the next generation of the authority.
    authority: { pathLength: 3 },
    ocspNoCheck: false,
  },
  {
    ...issuing,
    role: 'device-ca',
    // No device certificate can ever stand in for the server; what devices may be called is otherwise free.
    nameConstraints: { excluded: ['dns:localhost', '$host', 'ip:0.0.0.0/0', 'ip:::/0'] },
  },
  { ...issuing, role: 'service-ca' },
  // One generation of an issuing authority, signed by another.
  ...(['device-ca', 'service-ca'] as const).map((issuer) => ({
    ...anyIssuing,
    id: `cross-${issuer}`,
    issuer,
    authority: { pathLength: 0 },
    nameConstraints: 'kept',
  })),
  {
    // One generation of the root, signed by another.
    id: 'cross-root',
    issuer: 'root',
    days: 3650,
    backdateMinutes: 60,
    keyTypes: ['EC-P384'],
    keyUsage: authorityUsages,
    purposes: [],
    names: [],
    authority: { pathLength: 2 },
    nameConstraints: 'kept',
    ocspNoCheck: false,
  },
  {
    id: 'device',
    issuer: 'device-ca',
    days: 90,
    backdateMinutes: 60,
    keyTypes: ['EC-P256', 'EC-P384', 'Ed25519', 'RSA-2048'],
    keyUsage: { ...signing, rsa: ['digitalSignature', 'keyEncipherment'] },
    purposes: ['clientAuth'],
    names: ['dns'],
    ocspNoCheck: false,
  },
  {
    // For a device that is to be looked at: it can renew and be told apart, and is no `device` to the access policies.
    id: 'quarantine',
    issuer: 'device-ca',
    days: 0.5,
    backdateMinutes: 60,
    keyTypes: ['EC-P256', 'EC-P384', 'Ed25519', 'RSA-2048'],
    keyUsage: { ...signing, rsa: ['digitalSignature', 'keyEncipherment'] },
    purposes: ['clientAuth'],
    names: ['dns'],
    ocspNoCheck: false,
    noRevocation: true,
  },
  {
    // EC keys may agree on keys too: devices seal their readings for the certificate of a service.
    id: 'service',
    issuer: 'service-ca',
    days: 90,
    backdateMinutes: 60,
    keyTypes: ['EC-P256', 'EC-P384', 'Ed25519', 'RSA-2048'],
    keyUsage: {
      ec: ['digitalSignature', 'keyAgreement'],
      ed25519: ['digitalSignature'],
      rsa: ['digitalSignature', 'keyEncipherment'],
    },
    purposes: ['serverAuth', 'clientAuth'],
    names: ['dns', 'ip'],
    ocspNoCheck: false,
  },
  {
    id: 'staff',
    issuer: 'service-ca',
    days: 30,
    backdateMinutes: 10,
    keyTypes: ['EC-P256', 'EC-P384', 'RSA-3072'],
    keyUsage: { ...signing, rsa: ['digitalSignature'] },
    purposes: ['clientAuth'],
    names: ['email'],
    ocspNoCheck: false,
  },
  ...(['device-ca', 'service-ca'] as const).map((issuer) => ({
    id: `ocsp-responder-${issuer}`,
    issuer,
    days: 14,
    backdateMinutes: 60,
    keyTypes: ['EC-P256'],
    keyUsage: { ...signing, rsa: ['digitalSignature'] },
    purposes: ['ocspSigning'],
    names: [],
    ocspNoCheck: true,
  })),
];

const profiles = builtIn.map((value) => readProfile(value));
const byId: ReadonlyMap<string, Profile> = new Map(profiles.map((profile) => [profile.id, profile]));

/** A profile by its id; `unknown-profile` otherwise. Of an authority that issues: see `authorityProfile`. */
export function profileOf(id: string): Profile {
  const profile = byId.get(id);
  if (profile === undefined) {
    throw new PkiError(
      'unknown-profile',
      `there is no profile \`${id}\`; choose one of ${[...byId.keys()].join(', ')}`,
    );
  }
  return profile;
}

/** The profile of an authority's own certificate, where the public URL has this host: what it may not name is in it. */
export function authorityProfile(role: 'root' | 'device-ca' | 'service-ca', host: string): Profile {
  const profile = role === 'root' ? profileOf('root') : profiles.find((each) => each.role === role)!;
  const { nameConstraints } = profile;
  if (nameConstraints === undefined || nameConstraints === 'kept') return profile;
  return { ...profile, nameConstraints: hostIn(nameConstraints, host) };
}

export function allProfiles(): readonly Profile[] {
  return profiles;
}
