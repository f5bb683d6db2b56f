import { PkiError } from '../error.ts';
import { acceptsKey, type Profile, purposeOids } from '../profile/profile.ts';
import {
  type Extension,
  readBasicConstraints,
  readExtendedKeyUsage,
  readKeyUsage,
  readSubjectKeyIdentifier,
} from '../x509/extension.ts';
import { type GeneralName, textName } from '../x509/general-name.ts';
import { attributesOf } from '../x509/name.ts';
import { nameOfOid, Oid } from '../x509/oids.ts';
import { keyIdentifier } from '../x509/public-key.ts';
import { type CertificateRequest, verifyRequest } from '../x509/request.ts';
import { checkBinding, type Terms } from './terms.ts';

/** A request whose every part is either granted or was refused by name. */
export interface CheckedRequest {
  readonly request: CertificateRequest;
  /** The one common name. */
  readonly commonName: string;
  /** The names asked for, or the common name where none is asked for and the profile has host names. */
  readonly names: readonly GeneralName[];
}

/**
 * Holds a request against a profile and checks its signature.
 *
 * INVARIANT: nothing in a request is dropped in silence. What the profile does not give is an error that names it.
 */
export async function checkRequest(
  request: CertificateRequest,
  profile: Profile,
  terms: Terms = {},
): Promise<CheckedRequest> {
  if (!acceptsKey(profile, request.publicKey)) {
    const wanted = profile.keyTypes.join(', ');
    throw new PkiError(
      'weak-key',
      `key of type ${request.publicKey.keyType} is not accepted; make one of ${wanted}`,
    );
  }
  const commonName = commonNameOf(request);
  for (const item of request.extensions) checkExtension(item, request, profile);
  for (const name of request.names) {
    if (!profile.names.includes(name.kind)) {
      throw new PkiError(
        'bad-name',
        `profile \`${profile.id}\` has no alternative names of kind ${name.kind}`,
      );
    }
  }
  checkBinding(request.challengePassword, terms);
  await verifyRequest(request);
  const names =
    request.names.length > 0 || !profile.names.includes('dns') ? request.names : [textName(commonName)];
  return { request, commonName, names };
}

function commonNameOf(request: CertificateRequest): string {
  const attributes = attributesOf(request.subject);
  const extra = attributes.find(({ oid }) => oid !== Oid.commonName);
  if (extra !== undefined) {
    throw new PkiError(
      'bad-subject',
      `subject holds \`${nameOfOid(extra.oid)}\`, which would not be in the certificate; ask with /CN=<id> alone`,
    );
  }
  const [only] = attributes;
  if (only === undefined || attributes.length > 1 || only.text === '' || only.text.length > 64) {
    throw new PkiError(
      'bad-subject',
      'subject is not one common name of 1 to 64 characters; ask with /CN=<id> alone',
    );
  }
  return only.text;
}

function checkExtension({ oid, value }: Extension, request: CertificateRequest, profile: Profile): void {
  switch (oid) {
    case Oid.subjectAltName:
      return;
    case Oid.basicConstraints:
      if (readBasicConstraints(value).ca) throw unsupported('basicConstraints with CA:TRUE', profile);
      return;
    case Oid.keyUsage: {
      const allowed: readonly string[] = profile.keyUsage[request.publicKey.family];
      const extra = readKeyUsage(value).find((usage) => !allowed.includes(usage));
      if (extra !== undefined) throw unsupported(`keyUsage ${extra}`, profile);
      return;
    }
    case Oid.extendedKeyUsage: {
      const extra = readExtendedKeyUsage(value).find((purpose) => !purposeOids(profile).includes(purpose));
      if (extra !== undefined) throw unsupported(`extendedKeyUsage ${nameOfOid(extra)}`, profile);
      return;
    }
    case Oid.subjectKeyIdentifier:
      if (Buffer.compare(readSubjectKeyIdentifier(value), keyIdentifier(request.publicKey)) === 0) return;
      throw unsupported('subjectKeyIdentifier other than the leftmost 160 bits of SHA-256', profile);
    default:
      throw unsupported(nameOfOid(oid), profile);
  }
}

function unsupported(what: string, profile: Profile): PkiError {
  return new PkiError(
    'unsupported-extension',
    `profile \`${profile.id}\` does not give \`${what}\`, which the request asks for; make the request without it`,
  );
}
