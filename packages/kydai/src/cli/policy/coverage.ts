import type { PolicyCoverage, PolicyTestReport } from '@kydai/policy';
import { columns, type Output, styled } from '../output.ts';

/**
 * What the cases beside the policies showed: which failed, how much of each file they cover, and what no case shows;
 * with `all`, every policy and every condition with how often it came to what.
 */
export function writeTestReport(output: Output, report: PolicyTestReport, all: boolean): void {
  for (const { file, name, expected, got } of report.results.filter(({ passed }) => !passed))
    output.write(`${styled(output, 'red', 'fails')} ${file}: ${name}: expected ${expected}, got ${got}\n`);
  const files = Map.groupBy(report.coverage, ({ place }) => place.file);
  if (all) for (const [file, policies] of files) writeFile(output, file, policies);
  else output.write(columns([...files].map(([file, policies]) => [file, ...summary(output, policies)])));
  for (const gap of report.uncovered) output.write(`${styled(output, 'yellow', 'uncovered')} ${gap}\n`);
  const conditions = report.coverage.flatMap((each) => each.conditions);
  const fired = report.coverage.filter((each) => each.fired > 0).length;
  output.write(
    `${report.passed} passed, ${report.failed} failed; ` +
      `${fired} of ${report.coverage.length} policies decide in a case, ` +
      `${report.uncovered.length} gaps in ${conditions.length} conditions\n`,
  );
}

function summary(output: Output, policies: readonly PolicyCoverage[]): string[] {
  const conditions = policies.flatMap((each) => each.conditions);
  const tried = policies.filter(
    ({ fired, spared, conditions: own }) => fired > 0 && (spared > 0 || own.length === 0),
  );
  // A type test of a head is never false where the schema leaves no other type.
  const isFixed = (condition: string) => /^(?:principal|resource) is [\w:]+$/.test(condition);
  const tested = conditions.filter(
    ({ condition, held, heldNot }) => held > 0 && (heldNot > 0 || isFixed(condition)),
  ).length;
  return [
    `${tried.length} of ${policies.length} policies`,
    percent(output, tried.length, policies.length),
    `${tested} of ${conditions.length} conditions`,
    percent(output, tested, conditions.length),
  ];
}

function percent(output: Output, part: number, whole: number): string {
  const share = whole === 0 ? 100 : Math.floor((part / whole) * 100);
  return styled(output, share === 100 ? 'green' : 'yellow', `${share}%`.padStart(4));
}

function writeFile(output: Output, file: string, policies: readonly PolicyCoverage[]): void {
  output.write(`\n${styled(output, 'bold', file)}\n`);
  for (const { id, place, fired, spared, conditions } of policies) {
    output.write(`  ${id}  line ${place.line}: applies in ${times(fired)}, not in ${times(spared)}\n`);
    const rows = conditions.map(({ condition, place: at, held, heldNot }) => [
      `    ${at.line}:${at.column}`,
      `true ${held}`,
      `not ${heldNot}`,
      styled(output, 'dim', condition),
    ]);
    output.write(columns(rows));
  }
  output.write('\n');
}

function times(count: number): string {
  return count === 1 ? '1 case' : `${count} cases`;
}
