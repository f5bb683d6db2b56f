import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { CoverageView, HuntBody, HuntView, RulesView } from '@kydai/contracts';
import { ShellError } from '../../error.ts';
import type { Kydai } from '../../flow/kydai.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { apiRoute, json, jsonBody, Paging } from './route.ts';

const ReloadView = z.object({
  rules: z.number().int(),
  packs: z.array(z.object({ name: z.string(), errors: z.number().int() })),
});

/** The detection rules in force, their coverage, and hunts with them. */
export function ruleRoutes(app: OpenAPIHono<GuardedEnv>, kydai: Kydai, guard: Guard): void {
  const { rules, records, clock } = kydai;

  app.openapi(
    apiRoute('/api/v1/rules', guard('view', 'rules'), {
      method: 'get',
      summary: 'Detection rules in force, with how often they fired',
      request: {
        query: Paging.extend({ q: z.string().max(200).default(''), pack: z.string().max(64).optional() }),
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
    async (c) => c.json(rules.coverage(), 200),
  );

  app.openapi(
    apiRoute('/api/v1/rules/reload', guard('change-rules', 'rules'), {
      method: 'post',
      summary: 'Take up the rule packs in the data folder',
      responses: { 200: json(ReloadView, 'what is in force now') },
    }),
    async (c) => {
      const { rules: loaded, packProblems } = rules.reload();
      const packs = Array.from(packProblems, ([name, problems]) => ({
        name,
        errors: problems.filter(({ severity }) => severity === 'error').length,
      }));
      const detail = { rules: loaded.size, packs: packs.map(({ name }) => name).join(',') };
      const { actor } = c.var.caller;
      await records.commit(
        [],
        [{ at: clock.now(), actor, action: 'rules.reload', target: 'rules:all', detail }],
      );
      return c.json({ rules: loaded.size, packs }, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/hunts', guard('search-logs', 'logs'), {
      method: 'post',
      summary: 'Run one rule over stored events',
      request: jsonBody(HuntBody),
      responses: { 200: json(HuntView, 'the first hits and the count of all') },
    }),
    async (c) => {
      const { rule, text, from, to, limit } = c.req.valid('json');
      const bounds = { from: Date.parse(from), to: to === undefined ? clock.now() + 1 : Date.parse(to) };
      if (bounds.from >= bounds.to) throw new ShellError('invalid', '`from` must be before `to`');
      return c.json(await rules.hunt({ rule, text, limit, ...bounds, signal: c.req.raw.signal }), 200);
    },
  );
}
