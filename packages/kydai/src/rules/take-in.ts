import type { PackNews, RuleProblemView } from '@kydai/contracts';
import { type FieldMap, loadingRules, type RuleProblem } from '@kydai/siem';
import { ShellError } from '../error.ts';
import { inTurns } from './in-turns.ts';
import { installPack } from './installed.ts';
import { readPackBytes } from './pack.ts';

const mostProblems = 500;

/**
 * Reads a pack that somebody sent (`.zip`, `.tar.gz`, `.yml`, told apart by their first bytes), and unless `check` keeps
 * it in the data folder. What is wrong with single rules is told, and the rest is taken; everything else that the
 * program does goes on meanwhile. Returns what the pack is now; `reload` puts it in force.
 *
 * @throws ShellError `invalid` for what is no pack, or holds no rule that can be used
 */
export async function takeInPack(parts: {
  readonly data: string;
  readonly name: string;
  readonly bytes: Buffer;
  readonly check: boolean;
  readonly fieldMaps: readonly FieldMap[];
  readonly onProgress: (news: Extract<PackNews, { type: 'progress' }>) => void;
}): Promise<Omit<Extract<PackNews, { type: 'done' }>, 'type' | 'inForce'>> {
  const { data, name, bytes, check, fieldMaps, onProgress } = parts;
  const { files, tooLarge } = await readPackBytes(bytes, name);
  const { rules, problems } = await inTurns(loadingRules(files, { fieldMaps }), (read) =>
    onProgress({ type: 'progress', read, files: files.length }),
  );
  if (rules.size === 0 && !check) {
    const [first] = problems.filter(({ severity }) => severity === 'error');
    const why = first === undefined ? '' : `: ${first.file}:${first.line}: ${first.message}`;
    throw new ShellError('invalid', `there is no rule in it that can be used${why}`);
  }
  if (!check) installPack(data, name, files);
  const errors = problems.filter(({ severity }) => severity === 'error');
  const warnings = problems.filter(({ severity }) => severity === 'warning');
  return {
    name,
    imported: !check,
    rules: rules.size,
    errors: errors.length,
    warnings: warnings.length,
    problems: [...errors, ...warnings].slice(0, mostProblems).map(shown),
    tooLarge: [...tooLarge],
  };
}

function shown({ code, severity, file, line, message }: RuleProblem): RuleProblemView {
  return { code, severity, file, line, message };
}
