import { readFileSync } from 'node:fs';
import { type FieldMap, type RuleFile, readMappings } from '@kydai/siem';
import { ShellError } from '../error.ts';

/** The mapping files of the settings, read from disk. @throws ShellError `setting` */
export function mappingFiles(
  paths: readonly string[],
  of = 'setting `detection.mappings`',
): readonly RuleFile[] {
  return paths.map((file) => {
    try {
      return { file, text: readFileSync(file, 'utf8') };
    } catch (error) {
      throw new ShellError('setting', `${of}: cannot read \`${file}\``, { cause: error });
    }
  });
}

/**
 * Where the city's log sources keep their fields: the content's `policies/mappings`, and those that are named besides,
 * which come first.
 *
 * @throws ShellError `content` with file, line and column of the first that is wrong
 */
export function fieldMapsOf(content: readonly RuleFile[], named: readonly RuleFile[]): readonly FieldMap[] {
  const { fieldMaps, problems } = readMappings([...named, ...content]);
  const [first] = problems;
  if (first) throw new ShellError('content', `${first.file}:${first.line}:${first.column}: ${first.message}`);
  return fieldMaps;
}
