import type { Finding, FindingSeverity } from '@kydai/contracts';
import { severityOrder } from '../database/advisory.ts';
import type { GateResult, Verdict } from '../gate/gate.ts';
import { factsOf, sourcesOf } from './facts.ts';
import { groupByComponent, summarizeBlindSpots } from './group.ts';
import { reasonOf } from './policy.ts';
import { clean, type Paint, painter, plural, wrap } from './text.ts';

export interface TableOptions {
  /** Only for a terminal. */
  readonly colour?: boolean;
  /** Columns; 100 unless told. */
  readonly width?: number;
  /** Components shown at most; 50 unless told. */
  readonly limit?: number;
}

const verdicts: Readonly<Record<Verdict, readonly [label: string, style: 'green' | 'red' | 'yellow']>> = {
  pass: ['PASS', 'green'],
  fail: ['FAIL', 'red'],
  unchecked: ['COULD NOT CHECK', 'yellow'],
};

const severityStyle: Readonly<Record<FindingSeverity, 'magenta' | 'red' | 'yellow' | 'cyan' | 'dim'>> = {
  critical: 'magenta',
  high: 'red',
  medium: 'yellow',
  low: 'cyan',
  unknown: 'dim',
  none: 'dim',
};

/** The verdict for a person at a terminal: what fails, why, what to move to, how it came in, and what was not seen. */
export function renderTable(result: GateResult, options: TableOptions = {}): string {
  const paint = painter(options.colour ?? false);
  const width = Math.max(40, Math.min(options.width ?? 100, 160));
  const { assessment } = result;
  const [label, style] = verdicts[result.verdict];
  const out = [
    '',
    `  ${paint('bold', paint(style, label))}  ${paint('bold', clean(assessment.system))}  ${headline(result)}`,
    '',
  ];
  for (const reason of result.unchecked) out.push(wrap(`! ${clean(reason)}`, width, '  '));
  if (result.unchecked.length > 0) out.push('');
  out.push(...components(result, paint, width, options.limit ?? 50));
  out.push(...facts(result, paint, width));
  return `${out.join('\n')}\n`;
}

function headline(result: GateResult): string {
  const { findings, blocking, waived, assessment } = result;
  const parts = [`${plural(assessment.assessed, 'component')} of ${assessment.components} assessed`];
  if (findings.length === 0) parts.push('no finding');
  else {
    const kinds = severityOrder.flatMap((severity) => {
      const count = findings.filter((finding) => finding.severity === severity).length;
      return count === 0 ? [] : `${count} ${severity}`;
    });
    const inTheWay = blocking.length === 0 ? '' : `, ${blocking.length} in the way`;
    parts.push(`${plural(findings.length, 'finding')} (${kinds.join(', ')})${inTheWay}`);
  }
  if (waived.length > 0) parts.push(`${waived.length} waived`);
  return parts.join(' · ');
}

function components(result: GateResult, paint: Paint, width: number, limit: number): string[] {
  const out: string[] = [];
  const groups = groupByComponent(result);
  for (const group of groups.slice(0, limit)) {
    const { name, version } = group.component;
    const how = group.direct
      ? 'direct'
      : `via ${group.path.slice(0, -1).map(clean).join(' > ') || 'a dependency'}`;
    out.push(`  ${paint('bold', `${clean(name)} ${clean(version)}`)}  ${paint('dim', how)}`);
    for (const finding of group.findings) out.push(...lines(finding, result, paint, width));
    const remedy =
      group.remedy === null
        ? 'no version clears all of it yet'
        : `move to ${clean(group.remedy)}, which clears it`;
    out.push(`      ${paint(group.remedy === null ? 'yellow' : 'green', remedy)}`, '');
  }
  if (groups.length > limit) {
    out.push(`  ... and ${plural(groups.length - limit, 'more component')}; \`--format json\` has all`, '');
  }
  return out;
}

/** Two lines say what it is; the advisory has the rest. */
function short(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = text.lastIndexOf(' ', most - 2);
  return `${text.slice(0, end > 0 ? end : most - 2).toWellFormed()} …`;
}

function lines(finding: Finding, result: GateResult, paint: Paint, width: number): string[] {
  const blocks = result.blocking.includes(finding);
  const origin = result.base?.origins.get(finding);
  const severity = paint(severityStyle[finding.severity], finding.severity.toUpperCase().padEnd(8));
  const cve = finding.aliases.find((alias) => alias.startsWith('CVE-'));
  const marks = [
    `${clean(finding.advisory)}${cve === undefined ? '' : ` (${clean(cve)})`}`,
    ...(finding.score === null ? [] : [`CVSS ${finding.score.toFixed(1)}`]),
    ...(finding.epss === undefined ? [] : [`EPSS ${(finding.epss * 100).toFixed(1)}%`]),
    ...(finding.knownExploited ? [paint('red', 'known exploited')] : []),
    ...(finding.malicious ? [paint('red', 'malicious package')] : []),
    ...(finding.fixedVersions.length > 0
      ? [`fixed in ${clean(finding.fixedVersions[0]!)}`]
      : ['no fix known']),
    ...(origin === undefined ? [] : [origin === 'change' ? 'came in with this change' : 'was there before']),
  ];
  return [
    `    ${blocks ? paint('red', 'x') : ' '} ${severity} ${marks.join(' · ')}`,
    ...(finding.summary === ''
      ? []
      : [paint('dim', wrap(short(clean(finding.summary), 2 * (width - 17)), width, '               '))]),
    paint('dim', `               affected: ${clean(finding.proof.range)} (${finding.proof.comparator})`),
  ];
}

/** What stands before the text of a fact: two spaces and its name. */
const hang = ' '.repeat(11);

function facts(result: GateResult, paint: Paint, width: number): string[] {
  const { assessment } = result;
  const out: string[] = [];
  for (const { finding, waiver } of result.waived) {
    const what = `${clean(finding.advisory)} in ${clean(finding.component.name)} ${clean(finding.component.version)}`;
    out.push(
      wrap(
        `waived   ${what}: ${clean(waiver.reason)} (${clean(waiver.owner)}, until ${waiver.expires}, signed by ${waiver.signers.map(clean).join(' and ')})`,
        width,
        '  ',
        hang,
      ),
    );
  }
  for (const { finding, statement } of result.excluded) {
    const what = `${clean(finding.advisory)} in ${clean(finding.component.name)} ${clean(finding.component.version)}`;
    out.push(
      wrap(`vex      ${what}: ${statement.status}, ${clean(statement.justification)}`, width, '  ', hang),
    );
  }
  for (const { component, advisory } of result.base?.resolved ?? []) {
    out.push(
      paint('green', `  resolved ${clean(advisory)} in ${clean(component.name)} ${clean(component.version)}`),
    );
  }
  for (const waiver of result.expired) {
    out.push(
      paint(
        'yellow',
        `  expired  waiver of ${clean(waiver.advisory)} ended ${waiver.expires}; it was not applied`,
      ),
    );
  }
  for (const { waiver, reason } of result.unsigned) {
    const what = `waiver of ${clean(waiver.advisory)} was not applied: ${clean(reason)}`;
    out.push(paint('yellow', wrap(`unsigned ${what}`, width, '  ', hang)));
  }
  for (const { finding, waiver, reason } of result.reopened) {
    const what = `${clean(finding.advisory)} in ${clean(finding.component.name)}`;
    out.push(
      paint('yellow', wrap(`reopened ${what}: ${clean(reason)} (${clean(waiver.owner)})`, width, '  ', hang)),
    );
  }
  for (const waiver of result.unused) {
    out.push(paint('yellow', `  unused   waiver of ${clean(waiver.advisory)} matches no finding; remove it`));
  }
  if (result.decision !== undefined && result.verdict !== 'unchecked') {
    for (const policy of result.decision.determining) {
      out.push(
        wrap(
          `policy   ${clean(policy.id)}${reasonOf(policy) ? `: ${clean(reasonOf(policy))}` : ''}`,
          width,
          '  ',
          hang,
        ),
      );
    }
  }
  for (const [reason, spots] of summarizeBlindSpots(assessment.notAssessed)) {
    const some = spots
      .slice(0, 3)
      .map((spot) => `${clean(spot.component.name)} ${clean(spot.component.version)}`.trim());
    const more = spots.length > 3 ? `, and ${spots.length - 3} more` : '';
    out.push(wrap(`not seen ${spots.length} (${reason}): ${some.join(', ')}${more}`, width, '  ', hang));
  }
  for (const each of assessment.notRead) {
    out.push(wrap(`not read ${clean(each.path)}: ${clean(each.reason)}`, width, '  ', hang));
  }
  for (const [name, text] of factsOf(result)) {
    out.push(paint('dim', wrap(`${name.padEnd(8)} ${clean(text)}`, width, '  ', hang)));
  }
  out.push(paint('dim', wrap(`database ${sourcesOf(result)}`, width, '  ', hang)));
  return out;
}
