import type { GateResult, Verdict } from '../gate/gate.ts';
import { factsOf, sourcesOf } from './facts.ts';
import { groupByComponent, summarizeBlindSpots } from './group.ts';
import { escapeXml as text } from './junit.ts';
import { reasonOf } from './policy.ts';

const titles: Readonly<Record<Verdict, string>> = {
  pass: 'Pass',
  fail: 'Fail',
  unchecked: 'Could not check',
};

const style = `
:root{color-scheme:light dark;--line:#8884;--pass:#18794e;--fail:#c62a2f;--unchecked:#ad5700}
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h1 b{color:#fff;padding:.15rem .6rem;border-radius:.3rem}
.pass b{background:var(--pass)}.fail b{background:var(--fail)}.unchecked b{background:var(--unchecked)}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.45rem .6rem;border-bottom:1px solid var(--line)}
td.critical,td.high{color:var(--fail);font-weight:600}small{opacity:.75}.scroll{overflow-x:auto}
`;

/** One page that stands alone: no script, nothing fetched. */
export function renderHtml(result: GateResult): string {
  const { assessment } = result;
  const rows = groupByComponent(result).flatMap((group) =>
    group.findings.map((finding) => {
      const marks = [
        ...(result.blocking.includes(finding) ? ['in the way'] : []),
        ...(finding.knownExploited ? ['known exploited'] : []),
        ...(finding.malicious ? ['malicious'] : []),
      ];
      const cells = [
        `<td>${text(group.component.name)} <b>${text(group.component.version)}</b><br><small>${group.direct ? 'direct' : `via ${text(group.path.slice(0, -1).join(' > '))}`}</small></td>`,
        `<td>${text(finding.advisory)}<br><small>${text(finding.aliases.join(', '))}</small></td>`,
        `<td class="${finding.severity}">${finding.severity}${finding.score === null ? '' : ` ${finding.score.toFixed(1)}`}<br><small>${marks.join(', ')}</small></td>`,
        `<td>${text(finding.summary)}<br><small>${text(finding.proof.range)} (${text(finding.proof.comparator)})</small></td>`,
        `<td>${group.remedy === null ? 'none' : text(group.remedy)}</td>`,
      ];
      return `<tr>${cells.join('')}</tr>`;
    }),
  );
  const reasons = [
    ...result.unchecked,
    ...(result.decision?.determining ?? []).map(
      (policy) => `${policy.id}${reasonOf(policy) ? `: ${reasonOf(policy)}` : ''}`,
    ),
  ];
  const notes = [
    ...result.waived.map(
      ({ finding, waiver }) =>
        `waived: ${finding.advisory}, ${waiver.reason} (${waiver.owner}, until ${waiver.expires}, signed by ${waiver.signers.join(' and ')})`,
    ),
    ...result.excluded.map(
      ({ finding, statement }) => `vex: ${finding.advisory}, ${statement.status}, ${statement.justification}`,
    ),
    ...result.reopened.map(
      ({ finding, waiver, reason }) => `reopened: ${finding.advisory}, ${reason} (${waiver.owner})`,
    ),
    ...result.unsigned.map(({ waiver, reason }) => `waiver of ${waiver.advisory} was not applied: ${reason}`),
    ...result.expired.map((waiver) => `waiver of ${waiver.advisory} ended ${waiver.expires}`),
    ...summarizeBlindSpots(assessment.notAssessed).map(
      ([reason, spots]) => `not assessed, ${reason}: ${spots.length}`,
    ),
    ...assessment.notRead.map((each) => `not read: ${each.path}, ${each.reason}`),
    ...result.unused.map((waiver) => `waiver of ${waiver.advisory} matches no finding; remove it`),
    ...factsOf(result).map(([name, fact]) => `${name}: ${fact}`),
  ];
  const list = (items: readonly string[]) =>
    items.length === 0 ? '' : `<ul>${items.map((item) => `<li>${text(item)}</li>`).join('')}</ul>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${titles[result.verdict]}: ${text(assessment.system)}</title><style>${style}</style></head>
<body><h1 class="${result.verdict}"><b>${titles[result.verdict]}</b> ${text(assessment.system)}</h1>
<p>${assessment.assessed} of ${assessment.components} components assessed, ${result.findings.length} findings, ${result.blocking.length} in the way.</p>
${list(reasons)}
${rows.length === 0 ? '' : `<div class="scroll"><table><thead><tr><th>Component</th><th>Advisory</th><th>Severity</th><th>What</th><th>Move to</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`}
${list(notes)}
<p><small title="${text(assessment.database.digest)}">Database: ${text(sourcesOf(result))}</small></p>
</body></html>
`;
}
