import { CompactSign, type CryptoKey, compactVerify, type KeyObject } from 'jose';
import { z } from 'zod';
import { PolicyError } from '../error.ts';
import { loadPolicySet, type PolicySet } from '../validate/policy-set.ts';

/** Everything that a policy set is made of, and a number that only grows. */
export interface BundleContent {
  readonly version: number;
  /** Epoch milliseconds. */
  readonly issued: number;
  readonly schema: { readonly file: string; readonly text: string };
  readonly policies: readonly { readonly file: string; readonly text: string }[];
}

export interface OpenedBundle {
  readonly version: number;
  readonly issued: number;
  /** Parsed and validated; ready for an engine. */
  readonly policySet: PolicySet;
  /** What it was made of. */
  readonly content: BundleContent;
}

const type = 'kydai-policy-bundle+jws';
const algorithms = ['EdDSA', 'Ed25519', 'ES256', 'ES384'];
const maximumLength = 32 * 1024 * 1024;

const SourceFile = z.strictObject({ file: z.string().min(1), text: z.string() });
const Content = z.strictObject({
  version: z.number().int().min(1),
  issued: z.number().int(),
  schema: SourceFile,
  policies: z.array(SourceFile),
});

/** Signs a bundle for edge sites: a compact JWS (RFC 7515) by an Ed25519, P-256 or P-384 key. */
export async function signBundle(
  content: BundleContent,
  key: CryptoKey | KeyObject,
  header: { readonly alg: 'EdDSA' | 'ES256' | 'ES384'; readonly kid?: string },
): Promise<string> {
  const payload = new TextEncoder().encode(JSON.stringify(Content.parse(content)));
  return new CompactSign(payload).setProtectedHeader({ ...header, typ: type }).sign(key);
}

/**
 * Verifies a bundle and loads its policies. `last` is the newest version that this site has ever accepted; the site
 * keeps the opened one before it uses it.
 *
 * INVARIANT: a bundle that is not newer than `last` is refused, however well it is signed.
 * Throws a `PolicyError`: `bundle` for signature, type, shape or version, and whatever `loadPolicySet` throws.
 */
export async function openBundle(
  bundle: string,
  key: CryptoKey | KeyObject,
  last: number,
): Promise<OpenedBundle> {
  if (bundle.length > maximumLength)
    throw new PolicyError('limit', `bundle is longer than ${maximumLength} characters`);
  const content = Content.safeParse(await verified(bundle, key));
  if (!content.success)
    throw new PolicyError('bundle', 'bundle does not hold policies; sign it with this program');
  const { version, issued, schema, policies } = content.data;
  if (version <= last) {
    throw new PolicyError(
      'bundle',
      `bundle has version ${version}, and ${last} was accepted before; sign a newer one`,
    );
  }
  return { version, issued, policySet: loadPolicySet({ schema, policies }), content: content.data };
}

async function verified(bundle: string, key: CryptoKey | KeyObject): Promise<unknown> {
  try {
    const { payload, protectedHeader } = await compactVerify(bundle, key, { algorithms });
    if (protectedHeader.typ !== type) throw new Error('another type');
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch (error) {
    throw new PolicyError('bundle', 'bundle is not signed by the expected key', undefined, { cause: error });
  }
}
