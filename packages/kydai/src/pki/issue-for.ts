import type { Certificate, IssueBody } from '@kydai/contracts';
import type { Authority } from '@kydai/pki';
import type { z } from 'zod';
import { ShellError } from '../error.ts';

/**
 * Issues for a request that an operator brings. A device goes the way of every enrolment, by a token that is used at
 * once, so that the register knows it and the enrolment policies decide. @throws PkiError; ShellError `invalid`
 */
export async function issueFor(
  authority: Authority,
  wanted: z.infer<typeof IssueBody>,
  by: string,
): Promise<Certificate> {
  const { profile, subject } = wanted;
  const [body, ...more] = readPem(wanted.request, 'CERTIFICATE REQUEST');
  if (body === undefined || more.length > 0)
    throw new ShellError('invalid', 'request is not exactly one PEM CERTIFICATE REQUEST');
  const csr = Buffer.from(body, 'base64');
  if (profile !== 'device') return authority.issue({ csr, profile, subject, by });
  const { kind, zone } = wanted;
  const { token } = await authority.enrolmentToken({ deviceId: subject, kind, zone, minutes: 5, by });
  return authority.enrol({ csr: () => csr, token, user: subject });
}

/** The bodies of PEM blocks, base64 without line breaks. */
export function readPem(text: string, label = 'CERTIFICATE'): string[] {
  const blocks = text.matchAll(
    new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`, 'g'),
  );
  return [...blocks].map(([, body]) => body!.replace(/\s+/g, ''));
}
