import {
  type Incident,
  Level,
  levels,
  Obligation,
  type ObligationClock,
  type Obligation as ObligationType,
} from '@kydai/contracts';
import { parse } from 'yaml';
import { z } from 'zod';

const file = z.strictObject({ obligations: z.array(z.unknown()).max(200) });
const date = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;

export interface LoadedObligations {
  readonly obligations: readonly Obligation[];
  readonly problems: readonly { readonly file: string; readonly path: string; readonly message: string }[];
}

/**
 * Reads `policies/obligations/*.yaml`, each a list under `obligations`. An entry with a fault is left out and named in
 * `problems`; so is a second entry of the same id.
 */
export function loadObligations(
  files: readonly { readonly file: string; readonly text: string }[],
): LoadedObligations {
  const obligations: ObligationType[] = [];
  const problems: { file: string; path: string; message: string }[] = [];
  for (const { file: name, text } of files) {
    let document: unknown;
    try {
      document = parse(text, { maxAliasCount: 0 });
    } catch (error) {
      problems.push({
        file: name,
        path: '',
        message: `not yaml: ${(error as Error).message.split('\n')[0]}`,
      });
      continue;
    }
    const listed = file.safeParse(document);
    if (!listed.success) {
      problems.push({ file: name, path: '', message: 'must hold one list named `obligations`' });
      continue;
    }
    listed.data.obligations.forEach((entry, index) => {
      const refuse = (path: string, message: string): void =>
        void problems.push({
          file: name,
          path: `obligations.${index}${path === '' ? '' : `.${path}`}`,
          message,
        });
      const parsed = Obligation.safeParse(entry);
      if (!parsed.success) {
        for (const issue of parsed.error.issues) refuse(issue.path.map(String).join('.'), issue.message);
      } else if (obligations.some(({ id }) => id === parsed.data.id)) {
        refuse('id', `\`${parsed.data.id}\` is taken already`);
      } else if (!date.test(parsed.data.inForce)) {
        refuse('inForce', 'must be a date such as `2026-07-01`');
      } else if (!Level.safeParse(parsed.data.applies.minimumSeverity).success) {
        refuse('applies.minimumSeverity', `must be one of ${levels.join(', ')}`);
      } else {
        obligations.push(parsed.data);
      }
    });
  }
  return { obligations, problems };
}

/** Whether the obligation is in force for the incident and its severity and category fall under it. */
export function applies(obligation: Obligation, incident: Incident): boolean {
  const started = incident.times[obligation.clockStart]?.at;
  const { minimumSeverity, categories } = obligation.applies;
  return (
    started !== undefined &&
    started >= Date.parse(`${obligation.inForce}T00:00:00+07:00`) &&
    levels.indexOf(incident.severity) >= levels.indexOf(minimumSeverity as Level) &&
    (categories === undefined || categories.includes(incident.category))
  );
}

/**
 * The legal clocks that run for an incident, the nearest deadline first. A false positive, a drill and a clock that has
 * not started have none. `met` is set once the incident was reported; a later change of severity starts no clock anew.
 */
export function obligationClocks(
  obligations: readonly Obligation[],
  incident: Incident,
  now: number,
): ObligationClock[] {
  if (incident.drill || incident.state === 'false-positive') return [];
  return obligations
    .filter((obligation) => applies(obligation, incident))
    .map((obligation) => {
      const started = incident.times[obligation.clockStart]!.at;
      const reported = incident.times.reported?.at;
      return {
        obligation,
        incidentId: incident.id,
        started,
        due: started + obligation.hours * 3_600_000,
        ...(reported === undefined || reported > now ? {} : { met: reported }),
      };
    })
    .sort((a, b) => a.due - b.due);
}
