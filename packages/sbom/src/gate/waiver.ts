import type { Finding } from '@kydai/contracts';
import { z } from 'zod';
import { SbomError } from '../error.ts';

const Signature = z
  .strictObject({
    /** Who signed, as the file of signers or their certificate names them. */
    signer: z.string().trim().min(1).max(200),
    /** Base64, see `signWaiver`. */
    sig: z.string().max(2000),
    /** The certificate of the signer's key and those above it, PEM; without it the key is one that was declared. */
    cert: z.string().max(100_000).optional(),
  })
  .readonly();

/** A waiver as it stands in a file: what is accepted, and who put their name to it. */
export const WaiverEntry = z
  .strictObject({
    /** Id or alias of the advisory. */
    advisory: z.string().min(1).max(200),
    /** Package URL with the version that was looked at: the next one is another question. */
    component: z
      .string()
      .max(2000)
      .refine((purl) => purl.startsWith('pkg:') && withoutVersion(purl) !== purl.split(/[?#]/)[0], {
        error: 'is no package url with a version',
      }),
    owner: z.string().min(1).max(200),
    reason: z.string().min(1).max(2000),
    /** A day (its end, UTC) or an RFC 3339 time. */
    expires: z.iso.date().or(z.iso.datetime({ offset: true })),
    /** Set where the people knew that it is being exploited; a listing that comes later reopens the finding. */
    knownExploited: z.stringbool().or(z.boolean()).default(false),
    /** EPSS probability when it was accepted, 0 to 1; a tenth more than that reopens the finding. */
    epss: z.coerce.number().min(0).max(1).default(0),
    signatures: z.array(Signature).max(20).default([]).readonly(),
  })
  .readonly();
export type WaiverEntry = z.infer<typeof WaiverEntry>;

/**
 * A decision of people to accept one finding for a time.
 *
 * INVARIANT: made by `verifyWaivers` alone: each of the signers, two at least, has signed these very terms.
 */
export interface Waiver extends Omit<WaiverEntry, 'signatures'> {
  readonly signers: readonly string[];
}

const WaiverFile = z.strictObject({ waivers: z.array(WaiverEntry).max(10_000) });

/** Reads a waiver file, YAML or JSON: `waivers:` with a list. @throws SbomError `invalid-waivers`, naming the place */
export async function readWaivers(text: string, shown = 'waivers'): Promise<readonly WaiverEntry[]> {
  const { parse: parseYaml } = await import('yaml');
  let value: unknown;
  try {
    value = parseYaml(text, { schema: 'failsafe', maxAliasCount: 0, logLevel: 'error' });
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0];
    throw new SbomError('invalid-waivers', `\`${shown}\` is not yaml: ${reason}`, { cause: error });
  }
  const parsed = WaiverFile.safeParse(value);
  if (parsed.success) return parsed.data.waivers;
  const issue = parsed.error.issues[0];
  if (issue?.code === 'unrecognized_keys' && issue.keys.includes('signers')) {
    const place = issue.path.join('.');
    const message = `\`${shown}\` ${place}: names prove nothing; have them sign with \`kydai sbom sign\``;
    throw new SbomError('invalid-waivers', message);
  }
  throw new SbomError(
    'invalid-waivers',
    `\`${shown}\` ${issue?.path.join('.') || 'as a whole'}: ${issue?.message}`,
  );
}

/** Epoch ms of the first moment at which the waiver no longer holds. */
export function waiverEnd(waiver: Pick<Waiver, 'expires'>): number {
  const dayOnly = /^\d{4}-\d{2}-\d{2}$/.test(waiver.expires);
  return Date.parse(waiver.expires) + (dayOnly ? 86_400_000 : 0);
}

/** A finding that has outgrown its waiver. */
export interface Reopened {
  readonly finding: Finding;
  readonly waiver: Waiver;
  readonly reason: string;
}

const epssJump = 0.1;

/** Why a waiver no longer holds for a finding that it speaks of; undefined while it does. */
export function reopening(waiver: Waiver, finding: Finding): string | undefined {
  const { purl, version } = finding.component;
  if (waiver.component !== purl && waiver.component !== purl.split(/[?#]/)[0]) {
    return `the version is \`${version}\` now`;
  }
  if (finding.malicious) return 'the package is malicious';
  if (finding.knownExploited && !waiver.knownExploited) return 'it is known to be exploited now';
  if ((finding.epss ?? 0) >= waiver.epss + epssJump) {
    return `its epss rose from ${waiver.epss} to ${finding.epss}`;
  }
  return undefined;
}

/** Whether the waiver speaks of this finding, in whatever version. */
export function waives(waiver: Waiver, finding: Finding): boolean {
  if (waiver.advisory !== finding.advisory && !finding.aliases.includes(waiver.advisory)) return false;
  return withoutVersion(waiver.component) === withoutVersion(finding.component.purl);
}

/** The package URL up to its version: the package as such. */
export function withoutVersion(purl: string): string {
  const head = purl.split(/[?#]/)[0]!;
  const at = head.lastIndexOf('@');
  return at > head.lastIndexOf('/') ? head.slice(0, at) : head;
}
