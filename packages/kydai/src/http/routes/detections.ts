import { type OpenAPIHono, z } from '@hono/zod-openapi';
import {
  type Detection,
  DetectionPage,
  Level,
  levels,
  type RecordStore,
  type RecordWhere,
} from '@kydai/contracts';
import { detections } from '@kydai/csirt';
import type { Kydai } from '../../flow/kydai.ts';
import { plainLetters } from '../../rules/plain-letters.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { apiRoute, json, Paging, pageOf } from './route.ts';

/** Words are looked for in so many of the newest, for they are in no index. */
const mostSearched = 20_000;
const step = 1000;

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
      if (q === '') return c.json(await pageOf(records, detections, { where, order, limit, offset }), 200);
      const { found, searched } = await search(records, where, order, q);
      const items = found.slice(offset, offset + limit);
      return c.json({ items, total: found.length, ...(searched === undefined ? {} : { searched }) }, 200);
    },
  );
}

/** Those that hold every word; `searched` says of how many, where it was not all. */
async function search(
  records: RecordStore,
  where: RecordWhere,
  order: string,
  q: string,
): Promise<{ readonly found: readonly Detection[]; readonly searched?: number }> {
  const words = plainLetters(q).split(/\s+/);
  const found: Detection[] = [];
  for (let offset = 0; offset < mostSearched; offset += step) {
    const page = await records.find(detections, { where, order, limit: step, offset, total: false });
    for (const { value } of page.records) {
      const text = textOf(value);
      if (words.every((word) => text.includes(word))) found.push(value);
    }
    if (page.records.length < step) return { found };
    // Others have their turn in between.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return { found, searched: mostSearched };
}

function textOf({ rule, entities, group = {}, techniques }: Detection): string {
  const about = entities.map(({ id }) => id);
  return plainLetters(
    [rule.id, rule.title, rule.titleVi ?? '', ...about, ...Object.values(group), ...techniques].join('\n'),
  );
}
