import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const Reference = z.object({ id: z.string(), token: z.string() });

/** The keys of a folder that are in a token: no backup holds them, whoever restores needs that token. */
export function keysElsewhere(
  keysFolder: string,
): readonly { readonly id: string; readonly token: string }[] {
  return readdirSync(keysFolder)
    .filter((name) => name.endsWith('.token.json'))
    .sort()
    .map((name) => Reference.parse(JSON.parse(readFileSync(join(keysFolder, name), 'utf8'))));
}

/** One line for each token that names its keys; empty where all keys are in the backup. */
export function elsewhereLines(keysFolder: string): string {
  const byToken = new Map<string, string[]>();
  for (const { id, token } of keysElsewhere(keysFolder))
    byToken.set(token, [...(byToken.get(token) ?? []), id]);
  return [...byToken]
    .map(([token, ids]) => `Not in it, but in the token \`${token}\`: ${ids.join(', ')}.\n`)
    .join('');
}
