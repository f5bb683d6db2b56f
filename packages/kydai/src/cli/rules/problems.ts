import type { RuleProblem } from '@kydai/siem';
import { type Output, styled } from '../output.ts';

/** One line for each of the first problems, errors first; the rest as a count. Returns how many are errors. */
export function printProblems(output: Output, problems: readonly RuleProblem[], most = 200): number {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const rest = problems.filter(({ severity }) => severity !== 'error');
  for (const { severity, file, line, message } of [...errors, ...rest].slice(0, most)) {
    const word = styled(output, severity === 'error' ? 'red' : 'yellow', severity);
    output.write(`${word} ${file}:${line}: ${message}\n`);
  }
  if (problems.length > most) output.write(`... and ${problems.length - most} more\n`);
  return errors.length;
}
