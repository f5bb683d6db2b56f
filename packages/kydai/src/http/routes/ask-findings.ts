import { type OpenAPIHono, z } from '@hono/zod-openapi';
import {
  AdvisoryView,
  FindingGrouping,
  FindingGroupPage,
  FindingSeverity,
  FindingSummary,
  FoundPage,
  GateReport,
  GateRun,
  GateRunPage,
  SbomGraph,
  WaiverPage,
} from '@kydai/contracts';
import { ShellError } from '../../error.ts';
import type { Kydai } from '../../flow/kydai.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { apiRoute, json, jsonBody, Paging } from './route.ts';

const Words = z.string().trim().max(200);

/** What the page of vulnerabilities asks: by system, component, advisory and owner, and the history of the gate. */
export function askFindingRoutes(app: OpenAPIHono<GuardedEnv>, kydai: Kydai, guard: Guard): void {
  const view = guard('view', 'findings');

  app.openapi(
    apiRoute('/api/v1/findings/summary', view, {
      method: 'get',
      summary: 'All that is kept, in numbers',
      responses: {
        200: json(FindingSummary, 'systems, verdicts, findings, and the advisory database in use'),
      },
    }),
    async (c) => c.json(await kydai.sboms.summary(), 200),
  );

  app.openapi(
    apiRoute('/api/v1/findings/groups', view, {
      method: 'get',
      summary: 'Findings by system, component, advisory or owner, the worst first',
      request: {
        query: Paging.extend({
          by: FindingGrouping,
          q: Words.default(''),
          order: z.enum(['worst', 'newest']).default('worst'),
        }),
      },
      responses: { 200: json(FindingGroupPage, 'the groups') },
    }),
    async (c) => {
      const { order, ...asked } = c.req.valid('query');
      return c.json(await kydai.sboms.groups({ ...asked, newest: order === 'newest' }), 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/findings/list', view, {
      method: 'get',
      summary: 'Findings with the system that they are in, the worst first',
      request: {
        query: Paging.extend({
          system: Words.optional(),
          component: z.string().max(2000).optional(),
          advisory: Words.optional(),
          owner: Words.optional(),
          severity: FindingSeverity.optional(),
          exploited: z.stringbool().optional(),
          q: Words.optional(),
        }),
      },
      responses: { 200: json(FoundPage, 'the findings') },
    }),
    async (c) => {
      const { limit, offset, ...filter } = c.req.valid('query');
      return c.json(await kydai.sboms.list(filter, limit, offset), 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/advisories/{id}', view, {
      method: 'get',
      summary: 'What the advisory database says of an advisory, by id or alias',
      request: { params: z.object({ id: z.string().min(1).max(200) }) },
      responses: { 200: json(AdvisoryView, 'the advisory') },
    }),
    (c) => {
      const { id } = c.req.valid('param');
      const found = kydai.sboms.advisory(id);
      if (found === undefined) throw new ShellError('not-found', `the database does not know \`${id}\``);
      return c.json(found, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/sboms/{system}/graph', view, {
      method: 'get',
      summary: 'The ways from a system to its vulnerable components',
      request: {
        params: z.object({ system: z.string().min(1).max(256) }),
        query: z.object({ component: z.string().max(2000).optional() }),
      },
      responses: { 200: json(SbomGraph, 'nodes, edges, and the ways to the component that was asked about') },
    }),
    async (c) => {
      const { system } = c.req.valid('param');
      const graph = await kydai.sboms.graph(system, c.req.valid('query').component);
      if (graph === undefined) throw new ShellError('not-found', `no system \`${system}\``);
      return c.json(graph, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/gate-runs', view, {
      method: 'get',
      summary: 'Verdicts of pipelines, the newest first',
      request: { query: Paging.extend({ pipeline: Words.optional() }) },
      responses: { 200: json(GateRunPage, 'the verdicts, and every pipeline with its last ones') },
    }),
    async (c) => c.json(await kydai.sboms.runs.page(c.req.valid('query')), 200),
  );

  app.openapi(
    apiRoute('/api/v1/gate-runs', guard('push-sbom', 'findings'), {
      method: 'post',
      summary: 'Tell of a verdict of the gate',
      request: jsonBody(GateReport),
      responses: { 200: json(GateRun, 'the verdict as it is kept') },
    }),
    async (c) => c.json(await kydai.sboms.runs.keep(c.req.valid('json'), c.var.caller), 200),
  );

  app.openapi(
    apiRoute('/api/v1/waivers', view, {
      method: 'get',
      summary: 'The waivers that the last run of each pipeline named, the first to end first',
      responses: { 200: json(WaiverPage, 'the waivers') },
    }),
    async (c) => c.json(await kydai.sboms.runs.waivers(), 200),
  );
}
