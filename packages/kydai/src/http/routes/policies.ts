import { type OpenAPIHono, z } from '@hono/zod-openapi';
import {
  BlastView,
  ExplanationView,
  PoliciesView,
  PolicyFilesView,
  PolicySetView,
  ReplayBody,
  ReplayView,
} from '@kydai/contracts';
import { PolicyError, redacted } from '@kydai/policy';
import type { Context } from 'hono';
import type { Kydai } from '../../flow/kydai.ts';
import { placed } from '../../policies/candidate.ts';
import type { PolicyDesk } from '../../policies/desk.ts';
import type { WhatIf } from '../../policies/what-if.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { problem } from '../problems.ts';
import { apiRoute, json, jsonBody } from './route.ts';

const Uid = z.strictObject({ type: z.string().min(1).max(256), id: z.string().max(1024) });
const ExplainBody = z.strictObject({
  principal: Uid,
  action: z.string().min(1).max(256),
  resource: Uid,
  context: z.record(z.string(), z.unknown()).optional(),
});
const BlastBody = z.union([
  z.strictObject({ device: z.string().min(1).max(64) }),
  z.strictObject({
    entity: Uid,
    set: z.record(z.string(), z.unknown()).optional(),
    join: z.array(Uid).max(100).optional(),
    leave: z.array(Uid).max(100).optional(),
    remove: z.boolean().optional(),
  }),
]);
const area = 'policies';

/** The policies in force, changing them, and asking what they do. */
export function policyRoutes(app: OpenAPIHono<GuardedEnv>, kydai: Kydai, guard: Guard): void {
  const { policies, clock } = kydai;

  app.openapi(
    apiRoute('/api/v1/policies', guard('view', area), {
      method: 'get',
      summary: 'The policy set in force',
      responses: { 200: json(PoliciesView, 'the set, its policies, and what their cases showed') },
    }),
    async (c) => c.json(viewOf(policies), 200),
  );

  app.openapi(
    apiRoute('/api/v1/policies/files', guard('view', area), {
      method: 'get',
      summary: 'The files of the policy set in force, to try changes of them',
      responses: { 200: json(PolicyFilesView, 'schema and policies') },
    }),
    async (c) => {
      const { schema, policies: files } = policies.read.files;
      return c.json({ schema, policies: [...files] }, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/policies/reload', guard('change-policy', area), {
      method: 'post',
      summary: 'Read, validate and try the policies anew, and put them in force; a bad set changes nothing',
      responses: { 200: json(PolicySetView.extend({ before: z.string() }), 'the set in force after it') },
    }),
    async (c) => told(c, async () => c.json(await policies.reload(c.var.caller.actor), 200)) as never,
  );

  app.openapi(
    apiRoute('/api/v1/policies/explain', guard('view', area), {
      method: 'post',
      summary:
        'Why a request is decided as it is, and what would have to change; for tokens the outcome and reasons',
      request: jsonBody(ExplainBody),
      responses: { 200: json(ExplanationView, 'the decision with conditions, facts and remedies') },
    }),
    async (c) => {
      const { context, ...request } = c.req.valid('json');
      const asked = { ...request, ...(context && { context: context as never }) };
      // Programs are outsiders: how we decide, and what we know of others, is for people with a role.
      const insider = c.var.caller.person !== undefined;
      return told(c, async () => {
        const explanation = policies.explain(asked);
        return c.json(plain(insider ? explanation : redacted(explanation)), 200);
      }) as never;
    },
  );

  app.openapi(
    apiRoute('/api/v1/policies/replay', guard('view', area), {
      method: 'post',
      summary: 'Decide the kept decisions again with other policies: who gains, who loses',
      request: jsonBody(ReplayBody),
      responses: { 200: json(ReplayView, 'the differences, grouped, and how the cases come out') },
    }),
    async (c) => {
      const { hours, ...candidate } = c.req.valid('json');
      const span = { from: clock.now() - hours * 3600_000, most: 100_000 };
      return told(c, async () => c.json(plain(await policies.replay(candidate, span)), 200)) as never;
    },
  );

  app.openapi(
    apiRoute('/api/v1/policies/blast', guard('view', 'devices'), {
      method: 'post',
      summary: 'Which grants would flip if something happened to an entity; a device by its quarantine',
      request: jsonBody(BlastBody),
      responses: { 200: json(BlastView, 'the grants that would flip') },
    }),
    async (c) => {
      const body = c.req.valid('json');
      const ask = () =>
        'device' in body ? policies.blast(body.device) : policies.whatIf(body.entity, body as WhatIf);
      return told(c, async () => c.json(plain(ask()) as never, 200)) as never;
    },
  );
}

function viewOf({ engine, inForce, read, refused }: PolicyDesk): PoliciesView {
  const { policySet } = engine;
  const covered = new Map(read.report?.coverage.map((each) => [each.id, each]));
  return {
    ...inForce,
    warnings: [...policySet.warnings],
    items: policySet.policies.map(({ id, effect, place, text, annotations }) => {
      const coverage = covered.get(id);
      return {
        id,
        effect,
        file: place.file,
        line: place.line,
        text,
        annotations: Object.fromEntries(annotations),
        ...(coverage && {
          coverage: {
            fired: coverage.fired,
            spared: coverage.spared,
            conditions: coverage.conditions.map(({ condition, place: { line }, held, heldNot }) => ({
              condition,
              line,
              held,
              heldNot,
            })),
          },
        }),
      };
    }),
    tests: [...(read.report?.results ?? [])],
    ...(refused && { refused }),
  };
}

/** A refusal of the policy engine is the caller's to mend: 422 with the place. */
export async function told(c: Context, act: () => Promise<Response>): Promise<Response> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const { code, file, line, column } = error;
    return problem(c, 422, code, placed(error), { file, line, column });
  }
}

/** Cedar's whole numbers as JSON has them. */
function plain(value: unknown): Record<string, unknown> {
  const text = JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? Number(each) : each));
  return JSON.parse(text) as Record<string, unknown>;
}
