import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The first code block of a language below a heading of a page in `docs/`, with texts replaced. */
export function documented(
  page: string,
  heading: string,
  language: string,
  replacements: readonly (readonly [was: string, is: string])[],
): string {
  const text = readFileSync(join(import.meta.dirname, '../../docs', page), 'utf8');
  const below = text.slice(text.indexOf(`\n## ${heading}\n`));
  const block = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(below)?.[1];
  if (block === undefined) throw new Error(`docs/${page} has no ${language} below ${heading}`);
  return replacements.reduce((done, [was, is]) => {
    if (!done.includes(was)) throw new Error(`docs/${page}: the ${language} below ${heading} lacks ${was}`);
    return done.replaceAll(was, is);
  }, block);
}
