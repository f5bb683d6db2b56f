import type { Finding } from '@kydai/contracts';
import { z } from 'zod';
import { SbomError } from '../error.ts';

/** A decision of a person to accept one finding for a time. */
export const Waiver = z
  .strictObject({
    /** Id or alias of the advisory. */
    advisory: z.string().min(1).max(200),
    /** Package URL; without a version it holds for every version. */
    component: z.string().min(1).max(2000),
    owner: z.string().min(1).max(200),
    reason: z.string().min(1).max(2000),
    /** A day (its end, UTC) or an RFC 3339 time. */
    expires: z.iso.date().or(z.iso.datetime({ offset: true })),
  })
  .readonly();
export type Waiver = z.infer<typeof Waiver>;

const WaiverFile = z.strictObject({ waivers: z.array(Waiver).max(10_000) });

/** Reads a waiver file, YAML or JSON: `waivers:` with a list. @throws SbomError `invalid-waivers`, naming the place */
export async function readWaivers(text: string, shown = 'waivers'): Promise<readonly Waiver[]> {
  const { parse: parseYaml } = await import('yaml');
  let value: unknown;
  try {
    value = parseYaml(text, { schema: 'failsafe', maxAliasCount: 0, logLevel: 'silent' });
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0];
    throw new SbomError('invalid-waivers', `\`${shown}\` is not yaml: ${reason}`, { cause: error });
  }
  const parsed = WaiverFile.safeParse(value);
  if (parsed.success) return parsed.data.waivers;
  const issue = parsed.error.issues[0];
  throw new SbomError(
    'invalid-waivers',
    `\`${shown}\` ${issue?.path.join('.') || 'as a whole'}: ${issue?.message}`,
  );
}

/** Epoch ms of the first moment at which the waiver no longer holds. */
export function waiverEnd(waiver: Waiver): number {
  const dayOnly = /^\d{4}-\d{2}-\d{2}$/.test(waiver.expires);
  return Date.parse(waiver.expires) + (dayOnly ? 86_400_000 : 0);
}

/** Whether the waiver speaks of this finding. A package URL with a version holds for that version alone. */
export function waives(waiver: Waiver, finding: Finding): boolean {
  if (waiver.advisory !== finding.advisory && !finding.aliases.includes(waiver.advisory)) return false;
  const { purl } = finding.component;
  return waiver.component === purl || waiver.component === withoutVersion(purl);
}

/** The package URL up to its version: the package as such. */
export function withoutVersion(purl: string): string {
  const head = purl.split(/[?#]/)[0]!;
  const at = head.lastIndexOf('@');
  return at > head.lastIndexOf('/') ? head.slice(0, at) : head;
}
