import type { GateResult } from '../gate/gate.ts';
import { factsOf, sourcesOf } from './facts.ts';
import { groupByComponent } from './group.ts';
import { reasonOf } from './policy.ts';
import { clean } from './text.ts';

/** JUnit XML: one case a component with findings, and one for the gate, so that every build server shows the verdict. */
export function renderJunit(result: GateResult): string {
  const groups = groupByComponent(result);
  const cases = groups.map((group) => {
    const name = `${group.component.name} ${group.component.version}`;
    const blocking = group.findings.filter((finding) => result.blocking.includes(finding));
    const lines = group.findings.map(
      (finding) =>
        `${finding.advisory} ${finding.severity} ${finding.summary} (affected: ${finding.proof.range})`,
    );
    const remedy = group.remedy === null ? 'no version clears it' : `move to ${group.remedy}`;
    const body =
      blocking.length === 0
        ? `<system-out>${escapeXml(lines.join('\n'))}</system-out>`
        : `<failure message="${escapeXml(`${blocking.length} in the way, ${remedy}`)}">${escapeXml(lines.join('\n'))}</failure>`;
    return `    <testcase classname="sbom" name="${escapeXml(name)}">${body}</testcase>`;
  });
  const reasons = result.decision?.determining.map((policy) => reasonOf(policy) || policy.id) ?? [];
  const gate =
    result.verdict === 'pass'
      ? ''
      : result.verdict === 'fail'
        ? `<failure message="may not ship">${escapeXml(reasons.join('\n'))}</failure>`
        : `<error message="could not check">${escapeXml(result.unchecked.join('\n'))}</error>`;
  const failures = groups.filter((group) =>
    group.findings.some((finding) => result.blocking.includes(finding)),
  ).length;
  const counts = `tests="${cases.length + 1}" failures="${failures + Number(result.verdict === 'fail')}" errors="${Number(result.verdict === 'unchecked')}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="${escapeXml(result.assessment.system)}" ${counts}>`,
    '    <properties>',
    ...[...factsOf(result), ['database', sourcesOf(result)] as const].map(
      ([name, value]) => `      <property name="${name}" value="${escapeXml(value)}"/>`,
    ),
    '    </properties>',
    `    <testcase classname="sbom" name="gate">${gate}</testcase>`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

/** For text and for attributes in double quotes, in XML and in HTML. Lines stay lines. */
export function escapeXml(text: string): string {
  return text
    .split('\n')
    .map(clean)
    .join('\n')
    .replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
