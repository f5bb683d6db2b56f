import type { Profile } from '../profile/profile.ts';
import type { ParsedCertificate } from '../x509/certificate.ts';
import { type Extension, findExtension } from '../x509/extension.ts';
import { Oid } from '../x509/oids.ts';
import type { LintShape, LintSubject } from './rule.ts';

/** Extensions whose value is each certificate's own. */
const own: ReadonlySet<string> = new Set([Oid.subjectAltName, Oid.subjectKeyIdentifier]);

/** The subject without what is its own, so that a rule about the shape cannot look at it. */
export function shapeOf({ certificate, publicKey, profile, issuer }: LintSubject): LintShape {
  const extensions = certificate.extensions.map((each) =>
    own.has(each.oid) ? { ...each, value: new Uint8Array(0) } : each,
  );
  return {
    certificate: {
      version: certificate.version,
      signatureAlgorithm: certificate.signatureAlgorithm,
      issuer: certificate.issuer,
      extensions,
    },
    publicKey: { family: publicKey.family, keyType: publicKey.keyType, size: publicKey.size },
    profile,
    issuer,
    extension: (oid) => findExtension(extensions, oid),
  };
}

interface Sound {
  readonly profile: Profile;
  readonly keyType: string;
  readonly shape: LintShape['certificate'];
}

const sound = new WeakMap<ParsedCertificate, Sound[]>();
const mostRemembered = 64;

/**
 * Whether a certificate has, octet for octet, the shape of one that kept every rule about shapes, by the same profile,
 * the same issuer and the same type of key.
 *
 * INVARIANT: no rule is left out for any certificate. A rule about shapes is a pure function of the shape, so what it
 * said of one it says of every other; a single octet that differs is checked anew.
 */
export function isKnownSound({ certificate, publicKey, profile, issuer }: LintSubject): boolean {
  const known = sound.get(issuer);
  if (known === undefined) return false;
  for (const each of known) {
    if (each.profile === profile && each.keyType === publicKey.keyType && sameShape(each.shape, certificate))
      return true;
  }
  return false;
}

/** Remembers a shape that kept every rule about shapes. The newest of each profile and type of key is kept. */
export function rememberSound({ certificate, publicKey, profile, issuer }: LintShape): void {
  const others = (sound.get(issuer) ?? []).filter(
    (each) => each.profile !== profile || each.keyType !== publicKey.keyType,
  );
  const newest = { profile, keyType: publicKey.keyType, shape: certificate };
  sound.set(issuer, [newest, ...others].slice(0, mostRemembered));
}

function sameShape(known: LintShape['certificate'], certificate: ParsedCertificate): boolean {
  const { version, signatureAlgorithm, issuer, extensions } = certificate;
  return (
    known.version === version &&
    known.signatureAlgorithm === signatureAlgorithm &&
    known.extensions.length === extensions.length &&
    Buffer.compare(known.issuer.der, issuer.der) === 0 &&
    known.extensions.every((extension, at) => sameExtension(extension, extensions[at]!))
  );
}

function sameExtension(known: Extension, { oid, critical, value }: Extension): boolean {
  if (known.oid !== oid || known.critical !== critical) return false;
  return own.has(oid) || Buffer.compare(known.value, value) === 0;
}
