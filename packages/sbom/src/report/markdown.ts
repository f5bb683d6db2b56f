import type { GateResult, Verdict } from '../gate/gate.ts';
import { factsOf, sourcesOf } from './facts.ts';
import { groupByComponent, summarizeBlindSpots } from './group.ts';
import { reasonOf } from './policy.ts';
import { clean, plural } from './text.ts';

const titles: Readonly<Record<Verdict, string>> = {
  pass: 'passes',
  fail: 'fails',
  unchecked: 'could not be checked',
};

/** For the comment on a pull request. */
export function renderMarkdown(result: GateResult): string {
  const { assessment } = result;
  const out = [`## ${cell(assessment.system)} ${titles[result.verdict]}`, ''];
  for (const reason of result.unchecked) out.push(`- ${cell(reason)}`);
  if (result.decision !== undefined && !result.decision.allowed) {
    for (const policy of result.decision.determining) {
      out.push(`- policy \`${policy.id}\`${reasonOf(policy) ? `: ${cell(reasonOf(policy))}` : ''}`);
    }
  }
  out.push('', `${plural(assessment.assessed, 'component')} of ${assessment.components} assessed.`, '');
  const groups = groupByComponent(result);
  if (groups.length > 0) {
    out.push('| | component | advisory | severity | how | fix |', '|---|---|---|---|---|---|');
    for (const group of groups) {
      for (const finding of group.findings) {
        const marks = [
          finding.severity,
          ...(finding.score === null ? [] : [finding.score.toFixed(1)]),
          ...(finding.knownExploited ? ['**known exploited**'] : []),
          ...(finding.malicious ? ['**malicious**'] : []),
        ];
        const row = [
          result.blocking.includes(finding) ? '❌' : '',
          `${cell(group.component.name)} ${cell(group.component.version)}`,
          cell(finding.advisory),
          marks.join(' '),
          group.direct ? 'direct' : cell(group.path.slice(0, -1).join(' > ')),
          group.remedy === null ? 'none' : cell(group.remedy),
        ];
        out.push(`| ${row.join(' | ')} |`);
      }
    }
    out.push('');
  }
  for (const { finding, waiver } of result.waived) {
    out.push(
      `- waived: ${cell(finding.advisory)}, ${cell(waiver.reason)} (${cell(waiver.owner)}, until ${waiver.expires}, signed by ${waiver.signers.map(cell).join(' and ')})`,
    );
  }
  for (const { finding, statement } of result.excluded) {
    out.push(`- vex: ${cell(finding.advisory)}, ${statement.status}, ${cell(statement.justification)}`);
  }
  for (const { finding, waiver, reason } of result.reopened) {
    out.push(`- reopened: ${cell(finding.advisory)}, ${cell(reason)} (${cell(waiver.owner)})`);
  }
  for (const { waiver, reason } of result.unsigned)
    out.push(`- waiver of ${cell(waiver.advisory)} was not applied: ${cell(reason)}`);
  for (const waiver of result.expired)
    out.push(`- waiver of ${cell(waiver.advisory)} ended ${waiver.expires}`);
  for (const [reason, spots] of summarizeBlindSpots(assessment.notAssessed)) {
    out.push(`- not assessed, ${reason}: ${spots.length}`);
  }
  for (const each of assessment.notRead) out.push(`- not read: ${cell(each.path)}, ${cell(each.reason)}`);
  for (const [name, text] of factsOf(result)) out.push(`- ${name}: ${cell(text)}`);
  for (const waiver of result.unused)
    out.push(`- waiver of ${cell(waiver.advisory)} matches no finding; remove it`);
  out.push('', `Database: ${cell(sourcesOf(result))}.`);
  return `${out.join('\n')}\n`;
}

/** No text from outside may end a cell, open a link or an element, or mention a person. */
function cell(text: string): string {
  return clean(text).replace(/[\\`*_{}[\]<>|#@!]/g, (char) => `&#${char.charCodeAt(0)};`);
}
