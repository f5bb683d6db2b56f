import { z } from 'zod';

/**
 * A sentence by its code, for readers in their own language: `evidence.ocsp` with `{ revoked: '2', all: '2' }`. Where one
 * stands beside a plain English line, the line is what logs and the audit log keep, and the phrase says the same.
 */
export const Phrase = z
  .strictObject({ code: z.string(), values: z.record(z.string(), z.string()).readonly() })
  .readonly();
export type Phrase = z.infer<typeof Phrase>;
