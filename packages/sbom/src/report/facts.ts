import type { GateResult } from '../gate/gate.ts';
import { clean, plural } from './text.ts';

/** What the policies saw beside the findings themselves, in the words of a report: each fact and what it says. */
export function factsOf({
  context,
  findings,
  assessment,
}: GateResult): readonly (readonly [string, string])[] {
  const facts: (readonly [string, string])[] = [];
  if (findings.length > 0) {
    facts.push(['reach', `${context.direct} direct, ${context.transitive} transitive`]);
    facts.push([
      'age',
      `the oldest was published ${plural(context.oldestDays, 'day')} ago` +
        (context.fixable === 0
          ? ', and nothing has a fix'
          : `; ${context.fixable} can be fixed, the oldest of them for ${plural(context.oldestFixableDays, 'day')}`),
    ]);
  }
  if (context.epssPermille > 0) {
    facts.push(['epss', `up to ${(context.epssPermille / 10).toFixed(1)}% to be exploited within 30 days`]);
  }
  if (context.zone !== '') facts.push(['zone', context.zone]);
  const { missingElements: missing } = assessment;
  facts.push([
    'elements',
    missing.length === 0
      ? 'every minimum element of NTIA and CISA is there'
      : `minimum elements that are missing: ${missing.join(', ')}`,
  ]);
  return facts;
}

/** What the verdict rests on: how much is known, of which day, and the digest by which to find it again. */
export function sourcesOf({ assessment, context }: GateResult): string {
  const { advisories, digest, newest, knownExploited, exploitPrediction } = assessment.database;
  return [
    `${plural(advisories, 'advisory', 'advisories')}, the newest of ${clean(newest.slice(0, 10)) || 'an unknown day'}`,
    knownExploited === '' ? 'no KEV catalog' : `KEV ${clean(knownExploited)}`,
    exploitPrediction === '' ? 'no EPSS' : `EPSS ${clean(exploitPrediction.slice(0, 10))}`,
    `imported ${plural(context.databaseAgeDays, 'day')} ago`,
    `sha256 ${digest.slice(0, 12)}`,
  ].join(', ');
}
