import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { type Detection, DetectionPage, Level, levels } from '@kydai/contracts';
import { detections } from '@kydai/csirt';
import type { Kydai } from '../../flow/kydai.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { apiRoute, json, Paging } from './route.ts';
import { holdsWords, narrowedPage, searchPage } from './search.ts';

/** Words are looked for in so many of the newest, for they are in no index. */
const mostSearched = 20_000;

/** The stream of rules that matched. */
export function detectionRoutes(app: OpenAPIHono<GuardedEnv>, { records }: Kydai, guard: Guard): void {
  app.openapi(
    apiRoute('/api/v1/detections', guard('view', 'incidents'), {
      method: 'get',
      summary: 'Detections, newest first',
      request: {
        query: Paging.extend({
          rule: z.string().max(200).optional().describe('of one rule, by its id'),
          level: Level.optional().describe('of this level or above'),
          drill: z.stringbool().optional().describe('only of drills, or none of them'),
          from: z.iso.datetime({ offset: true }).optional().describe('about events of this time or later'),
          q: z
            .string()
            .trim()
            .max(200)
            .default('')
            .describe('words of the title, what it is about, its group, its techniques; the newest 20,000'),
          order: z.enum(['-time', 'time', '-level']).default('-time'),
        }),
      },
      responses: { 200: json(DetectionPage, 'one page of detections') },
    }),
    async (c) => {
      const { limit, offset, rule, level, drill, from, q, order } = c.req.valid('query');
      const where = {
        ...(rule === undefined ? {} : { rule }),
        ...(level === undefined ? {} : { level: { gte: levels.indexOf(level) } }),
        ...(drill === undefined ? {} : { drill }),
        ...(from === undefined ? {} : { time: { gte: Date.parse(from) } }),
      };
      const query = { where, order, limit, offset };
      if (q === '') return c.json(await narrowedPage(records, detections, query), 200);
      const holds = holdsWords(q);
      const passes = (detection: Detection) => holds(textOf(detection));
      return c.json(await searchPage(records, detections, { ...query, most: mostSearched, passes }), 200);
    },
  );
}

function textOf({ rule, entities, group = {}, techniques }: Detection) {
  const about = entities.map(({ id }) => id);
  return [rule.id, rule.title, rule.titleVi, ...about, ...Object.values(group), ...techniques];
}
