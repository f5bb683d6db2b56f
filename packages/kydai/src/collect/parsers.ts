import { compileParser, NormaliseError } from '@kydai/siem';
import { parse } from 'yaml';
import type { TextFile } from '../boot/content.ts';
import { ShellError } from '../error.ts';

/**
 * The city's own parsers, each proven by the cases in its file (see `ParserDefinition`). YAML, of which JSON is a part.
 *
 * @throws ShellError `content` that names the file of one that is broken or fails a case
 */
export function readParsers(files: readonly TextFile[]): readonly unknown[] {
  return files.map(({ file, text }) => {
    let definition: unknown;
    try {
      definition = parse(text, { maxAliasCount: 0, prettyErrors: false });
      compileParser(definition);
    } catch (error) {
      const why = error instanceof NormaliseError ? error.message : 'is not valid yaml';
      throw new ShellError('content', `${file}: ${why}`, { cause: error });
    }
    return definition;
  });
}
