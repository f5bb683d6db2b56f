import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { SbomError } from '../error.ts';
import { fingerprint, fold } from './waiver-signature.ts';

/** Who may accept a risk: people with their keys, and authorities that certify people. */
export interface Signers {
  /** By folded name. */
  readonly people: ReadonlyMap<string, { readonly name: string; readonly key: KeyObject }>;
  /** Certificates, PEM. */
  readonly roots: readonly string[];
}

const SignersFile = z.strictObject({
  people: z
    .array(z.strictObject({ name: z.string().trim().min(1).max(200), key: z.string().max(10_000) }))
    .max(1000)
    .default([]),
  roots: z.array(z.string().max(100_000)).max(20).default([]),
});

/**
 * Reads who may sign waivers, YAML or JSON: `people:` with name and public key (PEM), `roots:` with certificates (PEM).
 *
 * @throws SbomError `invalid-waivers`, naming the place; also where one key stands under two names
 */
export async function readSigners(text: string, shown = 'signers'): Promise<Signers> {
  const { parse: parseYaml } = await import('yaml');
  const wrong = (why: string, cause?: unknown) =>
    new SbomError('invalid-waivers', `\`${shown}\` ${why}`, { cause });
  let value: unknown;
  try {
    value = parseYaml(text, { schema: 'failsafe', maxAliasCount: 0, logLevel: 'error' });
  } catch (error) {
    throw wrong(`is not yaml: ${(error as Error).message.split('\n')[0]}`, error);
  }
  const parsed = SignersFile.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw wrong(`${issue?.path.join('.') || 'as a whole'}: ${issue?.message}`);
  }
  const people = new Map<string, { name: string; key: KeyObject }>();
  const owners = new Map<string, string>();
  for (const [index, { name, key: pem }] of parsed.data.people.entries()) {
    const key = publicKey(pem);
    if (key === undefined) throw wrong(`people.${index}.key: is no public key (PEM)`);
    if (people.has(fold(name))) throw wrong(`people.${index}: \`${name}\` stands there twice`);
    const owner = owners.get(fingerprint(key));
    if (owner !== undefined) throw wrong(`people.${index}: \`${name}\` has the key of \`${owner}\``);
    owners.set(fingerprint(key), name);
    people.set(fold(name), { name, key });
  }
  return { people, roots: parsed.data.roots };
}

/** A private key would be read as its public half: whoever put it here by mistake must hear of it. */
function publicKey(pem: string): KeyObject | undefined {
  if (!/-----BEGIN PUBLIC KEY-----/.test(pem)) return undefined;
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
}
