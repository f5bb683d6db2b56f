import { z } from '@hono/zod-openapi';
import {
  type Incident,
  type IncidentPage,
  type IncidentState,
  IndicatorName,
  incidentStates,
  Level,
  levels,
  parseEntityRef,
} from '@kydai/contracts';
import { computeIndicators, incidents } from '@kydai/csirt';
import { ShellError } from '../../error.ts';
import type { Kydai } from '../../flow/kydai.ts';
import { Paging, pageOf } from './route.ts';
import { holdsWords, searchPage } from './search.ts';

/** What a list of them is asked for by: all that are not over, or one state, `open` of which is called by what it is. */
const statesBy = {
  open: ['new', 'open', 'contained', 'restored'],
  all: incidentStates,
  new: ['new'],
  acknowledged: ['open'],
  contained: ['contained'],
  restored: ['restored'],
  closed: ['closed'],
  'false-positive': ['false-positive'],
} as const satisfies Record<string, readonly IncidentState[]>;

/** What is in no index is looked for in so many of the newest. */
const mostSearched = 10_000;

/** By what else than their time incidents are ordered; equal ones come newest first. */
const sorts = {
  severity: ({ severity }: Incident) => levels.indexOf(severity),
  state: ({ state }: Incident) => incidentStates.indexOf(state),
  detections: ({ detectionCount }: Incident) => detectionCount,
  // Those that nobody handles come after all names.
  assignee: ({ assignee }: Incident) => assignee ?? '\uffff',
} as const;

export const IncidentsAsked = Paging.extend({
  state: z
    .enum(Object.keys(statesBy) as (keyof typeof statesBy)[])
    .default('all')
    .describe('`open` is all that are not over'),
  severity: Level.optional().describe('of this severity or above'),
  drill: z.stringbool().optional().describe('only of drills, or none of them'),
  assignee: z.string().max(200).optional().describe('who handles it; `-` for those that nobody handles'),
  entity: z.string().max(300).optional().describe('about this: `device:cam-001`'),
  detection: z.string().max(64).optional().describe('the one that this detection is in, by its id'),
  q: z
    .string()
    .trim()
    .max(200)
    .default('')
    .describe('words of the number, the title, what it is about, who handles it'),
  indicator: IndicatorName.optional().describe('only the incidents that this figure came from'),
  order: z
    .enum([
      '-discovery', 'discovery', '-severity', 'severity', 'state', '-state', '-detections', 'detections',
      'assignee', '-assignee',
    ]) // biome-ignore format: a list
    .default('-discovery'),
});

/** One page of incidents. @throws ShellError `invalid` for an entity without a type */
export async function listIncidents(
  kydai: Kydai,
  asked: z.infer<typeof IncidentsAsked>,
): Promise<IncidentPage> {
  const { records } = kydai;
  const { state, severity, drill, assignee, entity, detection, q, indicator, order, limit, offset } = asked;
  const where = {
    ...(state === 'all' ? {} : { state: statesBy[state] }),
    ...(severity === undefined ? {} : { severity: { gte: levels.indexOf(severity) } }),
    ...(drill === undefined ? {} : { drill }),
  };
  const tests: ((incident: Incident) => boolean)[] = [];
  if (assignee !== undefined)
    tests.push((incident) => incident.assignee === (assignee === '-' ? undefined : assignee));
  if (entity !== undefined) {
    const wanted = parseEntityRef(entity);
    if (wanted === undefined)
      throw new ShellError('invalid', `\`${entity}\` names no entity: write \`device:cam-001\``);
    tests.push(({ entities }) => entities.some(({ type, id }) => type === wanted.type && id === wanted.id));
  }
  if (detection !== undefined) tests.push(({ detectionIds }) => detectionIds.includes(detection));
  if (q !== '') {
    const holds = holdsWords(q);
    tests.push((incident) => holds(textOf(incident)));
  }
  if (indicator !== undefined) {
    const behind = await idsBehind(kydai, indicator);
    tests.push(({ id }) => behind.has(id));
  }
  const by = order.replace('-', '');
  if (by === 'discovery' && tests.length === 0)
    return pageOf(records, incidents, { where, order, limit, offset });
  return searchPage(records, incidents, {
    where,
    order: by === 'discovery' ? order : '-discovery',
    limit,
    offset,
    most: mostSearched,
    passes: (incident) => tests.every((test) => test(incident)),
    sort: by === 'discovery' ? undefined : sorts[by as keyof typeof sorts],
    falls: order.startsWith('-'),
  });
}

function textOf({ number, title, titleVi, category, entities, assignee }: Incident) {
  return [number, title, titleVi, category, ...entities.map(({ id }) => id), assignee];
}

/** The incidents that one of the overview's figures came from; they are those that the overview reads. */
async function idsBehind({ records, clock }: Kydai, name: IndicatorName): Promise<ReadonlySet<string>> {
  const all = await records.find(incidents, { where: { drill: false }, order: '-discovery', limit: 10_000 });
  const values = all.records.map(({ value }) => value);
  const figure = computeIndicators(values, clock.now()).find((indicator) => indicator.name === name);
  return new Set(figure?.incidentIds);
}
