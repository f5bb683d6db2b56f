import { type OpenAPIHono, z } from '@hono/zod-openapi';
import {
  CoverageView,
  HuntBody,
  HuntIncidentBody,
  type HuntNews,
  HuntView,
  Level,
  type PackNews,
  RuleChangeBody,
  RuleDetailView,
  RuleExplanationView,
  RulesView,
} from '@kydai/contracts';
import { ShellError } from '../../error.ts';
import type { Kydai } from '../../flow/kydai.ts';
import { openHuntIncident } from '../../rules/hunt-incident.ts';
import { ruleOrders, ruleStandings } from '../../rules/listed.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { newsType, tellNews, wantsNews } from '../news.ts';
import { apiRoute, json, jsonBody, Paging } from './route.ts';

const ReloadView = z.object({
  rules: z.number().int(),
  packs: z.array(z.object({ name: z.string(), errors: z.number().int() })),
});
const ruleId = z.object({ id: z.string().min(1).max(200) });
const packName = z.object({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'small letters, digits and -'),
});
const ExplainBody = z
  .strictObject({
    rule: z.string().min(1).max(200).optional(),
    text: z.string().min(1).max(500_000).optional(),
  })
  .refine(({ rule, text }) => rule !== undefined || text !== undefined, 'give `rule` or `text`');

/** The detection rules in force, their coverage, their packs, and hunts with them. */
export function ruleRoutes(app: OpenAPIHono<GuardedEnv>, kydai: Kydai, guard: Guard): void {
  const { rules, records, clock, log } = kydai;
  const told = (action: string, target: string, detail: Record<string, string | number>, actor: string) =>
    records.commit([], [{ at: clock.now(), actor, action, target, detail }]);

  app.openapi(
    apiRoute('/api/v1/rules', guard('view', 'rules'), {
      method: 'get',
      summary: 'Detection rules in force, with how often they fired',
      request: {
        query: Paging.extend({
          q: z.string().max(200).default(''),
          pack: z.string().max(64).optional().describe('of one pack; empty for our own'),
          level: Level.optional().describe('of this level or above'),
          state: z
            .enum(ruleStandings)
            .optional()
            .describe('switched on or off, with limits of its own, never fired, or with a case that fails'),
          order: z.enum(ruleOrders).default('given'),
        }),
      },
      responses: { 200: json(RulesView, 'one page of rules') },
    }),
    async (c) => c.json(await rules.list(c.req.valid('query')), 200),
  );

  app.openapi(
    apiRoute('/api/v1/rules/coverage', guard('view', 'rules'), {
      method: 'get',
      summary: 'ATT&CK techniques that the rules in force speak of',
      responses: { 200: json(CoverageView, 'techniques, tactics and categories, with counts') },
    }),
    async (c) => c.json(await rules.coverage(), 200),
  );

  app.openapi(
    apiRoute('/api/v1/rules/explain', guard('view', 'rules'), {
      method: 'post',
      summary: 'What a rule looks for, and whether the sources of the last days send it',
      request: jsonBody(ExplainBody),
      responses: { 200: json(RuleExplanationView, 'the explanation') },
    }),
    async (c) => c.json(await rules.explain(c.req.valid('json')), 200),
  );

  app.openapi(
    apiRoute('/api/v1/rules/reload', guard('change-rules', 'rules'), {
      method: 'post',
      summary: 'Take up the rule packs in the data folder',
      responses: { 200: json(ReloadView, 'what is in force now') },
    }),
    async (c) => {
      const { rules: loaded, packProblems } = await rules.reload();
      const packs = Array.from(packProblems, ([name, problems]) => ({
        name,
        errors: problems.filter(({ severity }) => severity === 'error').length,
      }));
      const detail = { rules: loaded.size, packs: packs.map(({ name }) => name).join(',') };
      await told('rules.reload', 'rules:all', detail, c.var.caller.actor);
      return c.json({ rules: loaded.size, packs }, 200);
    },
  );

  // After the words that are no ids.
  app.openapi(
    apiRoute('/api/v1/rules/{id}', guard('view', 'rules'), {
      method: 'get',
      summary: 'One rule: its text, its cases, what it needs to fire',
      request: { params: ruleId },
      responses: { 200: json(RuleDetailView, 'the rule') },
    }),
    async (c) => c.json(await rules.detail(c.req.valid('param').id), 200),
  );

  app.openapi(
    apiRoute('/api/v1/rules/{id}', guard('change-rules', 'rules'), {
      method: 'post',
      summary: 'Switch a rule on or off, or limit how much it tells',
      request: { params: ruleId, ...jsonBody(RuleChangeBody) },
      responses: { 200: json(RuleDetailView, 'the rule after it') },
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      return c.json(await rules.change(id, c.req.valid('json'), c.var.caller.actor), 200);
    },
  );

  const pack = (check: boolean) => ({
    summary: check
      ? 'Check a rule pack and change nothing'
      : 'Import a rule pack; one of this name is replaced',
    request: {
      params: packName,
      body: {
        required: true,
        content: { 'application/octet-stream': { schema: z.string().openapi({ format: 'binary' }) } },
      },
    },
    responses: {
      200: {
        description: 'how it goes, one JSON document a line',
        content: { [newsType]: { schema: z.string() } },
      },
    },
  });
  for (const check of [true, false]) {
    const path = check ? '/api/v1/rule-packs/{name}/check' : '/api/v1/rule-packs/{name}';
    const allowed = check ? guard('view', 'rules') : guard('change-rules', 'rules');
    app.openapi(apiRoute(path, allowed, { method: 'post', ...pack(check) }), async (c) => {
      const { name } = c.req.valid('param');
      const bytes = Buffer.from(await c.req.arrayBuffer());
      return tellNews<PackNews>(c, log, async (tell) => {
        const done = await rules.takeIn({ name, bytes, check, onProgress: tell });
        const { rules: count, errors } = done;
        if (!check) await told('rules.import', `rules:${name}`, { rules: count, errors }, c.var.caller.actor);
        return done;
      }) as never;
    });
  }

  app.openapi(
    apiRoute('/api/v1/rule-packs/{name}', guard('change-rules', 'rules'), {
      method: 'delete',
      summary: 'Give up an imported pack',
      request: { params: packName },
      responses: { 200: json(z.object({ rules: z.number().int() }), 'how many rules are in force now') },
    }),
    async (c) => {
      const { name } = c.req.valid('param');
      const { rules: loaded } = await rules.giveUp(name);
      await told('rules.remove', `rules:${name}`, { rules: loaded.size }, c.var.caller.actor);
      return c.json({ rules: loaded.size }, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/hunts', guard('search-logs', 'logs'), {
      method: 'post',
      summary: 'Run one rule over stored events; `Accept: application/x-ndjson` tells how it goes on',
      request: jsonBody(HuntBody),
      responses: { 200: json(HuntView, 'the first hits and the count of all') },
    }),
    async (c) => {
      const { rule, text, from, to, limit } = c.req.valid('json');
      const bounds = { from: Date.parse(from), to: to === undefined ? clock.now() + 1 : Date.parse(to) };
      if (bounds.from >= bounds.to) throw new ShellError('invalid', '`from` must be before `to`');
      const request = { rule, text, limit, ...bounds };
      if (!wantsNews(c)) return c.json(await rules.hunt({ ...request, signal: c.req.raw.signal }), 200);
      return tellNews<HuntNews>(c, log, async (tell, signal) => {
        const view = await rules.hunt({
          ...request,
          signal,
          onProgress: (progress, hits) => tell({ type: 'progress', ...bounds, ...progress, hits: [...hits] }),
        });
        return { type: 'done', view };
      }) as never;
    },
  );

  app.openapi(
    apiRoute('/api/v1/hunts/incident', guard('handle-incident', 'incidents'), {
      method: 'post',
      summary: 'Open an incident for what a hunt found; no playbook starts by itself',
      request: jsonBody(HuntIncidentBody),
      responses: { 200: json(z.object({ id: z.string(), number: z.string() }), 'the incident') },
    }),
    async (c) => {
      const { id, number } = await openHuntIncident(kydai, c.req.valid('json'), c.var.caller.actor);
      return c.json({ id, number }, 200);
    },
  );
}
