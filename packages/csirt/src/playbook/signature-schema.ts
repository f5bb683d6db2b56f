import { z } from 'zod';
import { Identifier, idOf, list, Milliseconds, Timestamp, text } from './types.ts';

/** Section 10.15: a JSON Signature Scheme object. */
export const Signature: z.ZodType<CacaoSignature> = z.lazy(() =>
  z.strictObject({
    type: z.literal('jss'),
    id: idOf('jss'),
    created_by: Identifier.optional(),
    created: Milliseconds,
    modified: Milliseconds,
    revoked: z.boolean().optional(),
    signee: text,
    valid_from: Timestamp.optional(),
    valid_until: Timestamp.optional(),
    related_to: idOf('playbook').optional(),
    related_version: Timestamp.optional(),
    hash_algorithm: text,
    algorithm: text,
    public_key: text.optional(),
    public_cert_chain: list(text).optional(),
    cert_url: text.optional(),
    thumbprint: text.optional(),
    value: text.optional(),
    signature: Signature.optional(),
  }),
);
export interface CacaoSignature {
  type: 'jss';
  id: string;
  created_by?: string | undefined;
  created: string;
  modified: string;
  revoked?: boolean | undefined;
  signee: string;
  valid_from?: string | undefined;
  valid_until?: string | undefined;
  related_to?: string | undefined;
  related_version?: string | undefined;
  hash_algorithm: string;
  algorithm: string;
  public_key?: string | undefined;
  public_cert_chain?: string[] | undefined;
  cert_url?: string | undefined;
  thumbprint?: string | undefined;
  value?: string | undefined;
  signature?: CacaoSignature | undefined;
}
