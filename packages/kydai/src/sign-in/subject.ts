import { createHash } from 'node:crypto';

/** Local people have ids without it, and an issuer has none (OpenID Connect Core section 2: no fragment). */
const separator = '#';
const longest = 240;

/**
 * The id of a person whom an OpenID Connect provider vouches for: its issuer and its subject together, since a subject
 * is unique within its issuer only (OpenID Connect Core section 5.7). The id shows `https:` by leaving it out.
 *
 * INVARIANT: no provider, whatever it says, makes the id of a local person, nor one of another provider's.
 */
export function subjectId(issuer: string, subject: string): string {
  const id = `${issuer.replace(/^https:\/\//, '')}${separator}${subject}`;
  if (id.length <= longest) return id;
  const digest = createHash('sha256').update(id).digest('hex');
  return `${id.slice(0, 100).replaceAll(separator, '')}${separator}${separator}${digest}`;
}

/** Issuer and subject of such an id; undefined for local people, and where the id is but a digest of both. */
export function issuerAndSubject(
  id: string,
): { readonly issuer: string; readonly subject: string } | undefined {
  const at = id.indexOf(separator);
  if (at < 0 || id[at + 1] === separator) return undefined;
  const issuer = id.slice(0, at);
  return {
    issuer: /^https?:\/\//.test(issuer) ? issuer : `https://${issuer}`,
    subject: id.slice(at + 1),
  };
}
