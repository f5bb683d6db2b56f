import {
  CompactSign,
  type CryptoKey,
  compactVerify,
  decodeProtectedHeader,
  importJWK,
  type KeyObject,
} from 'jose';
import { z } from 'zod';
import { PolicyError } from '../error.ts';
import { loadPolicySet, type PolicySet, type TemplateLink } from '../validate/policy-set.ts';
import { type BundleKey, bundleKey, PublicJwk } from './keys.ts';
import { Link } from './links.ts';

/** Everything that a policy set is made of, and a number that only grows. */
export interface BundleContent {
  readonly version: number;
  /** Epoch milliseconds. */
  readonly issued: number;
  readonly schema: { readonly file: string; readonly text: string };
  readonly policies: readonly { readonly file: string; readonly text: string }[];
  /** Templates with their slots filled. */
  readonly links?: readonly TemplateLink[];
  /** Public JWKs: from now on these keys alone sign. With them a site follows a change of keys by itself. */
  readonly keys?: readonly Readonly<Record<string, unknown>>[];
}

export interface OpenedBundle {
  readonly version: number;
  readonly issued: number;
  /** The key that it was signed by. */
  readonly kid: string;
  /** Parsed and validated; ready for an engine. */
  readonly policySet: PolicySet;
  /** What it was made of. */
  readonly content: BundleContent;
  /** The keys that later bundles must be signed by, where it names them. */
  readonly keys?: readonly BundleKey[];
}

const type = 'kydai-policy-bundle+jws';
const maximumLength = 32 * 1024 * 1024;

const SourceFile = z.strictObject({ file: z.string().min(1), text: z.string() });
const Content = z.strictObject({
  version: z.number().int().min(1),
  issued: z.number().int(),
  schema: SourceFile,
  policies: z.array(SourceFile),
  links: z.array(Link).optional(),
  keys: z.array(PublicJwk).min(1).max(16).optional(),
});

/** Signs a bundle for edge sites: a compact JWS (RFC 7515) by an Ed25519, P-256 or P-384 key. */
export async function signBundle(
  content: BundleContent,
  key: CryptoKey | KeyObject,
  header: { readonly alg: BundleKey['alg']; readonly kid: string },
): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify(Content.parse(content)));
  return new CompactSign(payload).setProtectedHeader({ ...header, typ: type }).sign(key);
}

/**
 * Verifies a bundle by one of the trusted keys and loads its policies. `last` is the newest version that this site has
 * ever accepted; the site keeps the opened one before it uses it.
 *
 * INVARIANT: nothing of a bundle is read before its signature holds, and one that is not newer than `last` is refused,
 * however well it is signed.
 * Throws a `PolicyError`: `bundle` for signature, type, shape or version, and whatever `loadPolicySet` throws.
 */
export async function openBundle(
  bundle: string,
  trusted: readonly BundleKey[],
  last: number,
): Promise<OpenedBundle> {
  if (bundle.length > maximumLength)
    throw new PolicyError('limit', `bundle is longer than ${maximumLength} characters`);
  const { payload, kid } = await verified(bundle, trusted);
  const content = Content.safeParse(parsed(payload));
  if (!content.success)
    throw new PolicyError('bundle', 'bundle does not hold policies; sign it with this program');
  const { version, issued, schema, policies, links } = content.data;
  if (version <= last) {
    throw new PolicyError(
      'bundle',
      `bundle has version ${version}, and ${last} was accepted before; sign a newer one`,
    );
  }
  const keys = content.data.keys && (await Promise.all(content.data.keys.map(bundleKey)));
  const policySet = loadPolicySet({ schema, policies, ...(links && { links }) });
  const { links: _, keys: __, ...rest } = content.data;
  return {
    version,
    issued,
    kid,
    policySet,
    content: { ...rest, ...(links && { links }) },
    ...(keys && { keys }),
  };
}

async function verified(
  bundle: string,
  trusted: readonly BundleKey[],
): Promise<{ readonly payload: Uint8Array; readonly kid: string }> {
  const header = headerOf(bundle);
  if (header.typ !== type)
    throw new PolicyError('bundle', 'this is not a policy bundle; sign one with `kydai policy bundle sign`');
  const candidates = trusted.filter(({ kid }) => header.kid === undefined || kid === header.kid);
  if (candidates.length === 0) {
    const known = trusted.map(({ kid }) => `\`${kid}\``).join(', ');
    throw new PolicyError(
      'bundle',
      `bundle is signed by key \`${String(header.kid).slice(0, 128)}\`, which is not trusted here (${known}); add its public key`,
    );
  }
  for (const { kid, alg, jwk } of candidates) {
    if (header.alg !== alg && !(alg === 'EdDSA' && header.alg === 'Ed25519')) continue;
    try {
      const { payload } = await compactVerify(bundle, await importJWK(jwk, header.alg), {
        algorithms: [header.alg],
      });
      return { payload, kid };
    } catch {
      // Another key may be the one; what went wrong with this one tells nobody anything.
    }
  }
  throw new PolicyError('bundle', 'bundle is not signed by a trusted key, or was changed on its way');
}

function headerOf(bundle: string): { readonly alg: string; readonly typ?: unknown; readonly kid?: unknown } {
  try {
    const { alg, typ, kid } = decodeProtectedHeader(bundle);
    return { alg: String(alg), typ, kid };
  } catch (error) {
    throw new PolicyError('bundle', 'this is no signed bundle at all', undefined, { cause: error });
  }
}

function parsed(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch (error) {
    throw new PolicyError('bundle', 'bundle does not hold JSON; sign it with this program', undefined, {
      cause: error,
    });
  }
}
