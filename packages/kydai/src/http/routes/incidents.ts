import { type OpenAPIHono, z } from '@hono/zod-openapi';
import {
  ApprovalBody,
  IncidentActionBody,
  IncidentPage,
  IncidentView,
  IndicatorName,
  PlaybookRun,
} from '@kydai/contracts';
import {
  actOnIncident,
  computeIndicators,
  detections,
  incidents,
  obligationClocks,
  runs,
} from '@kydai/csirt';
import { ShellError } from '../../error.ts';
import type { Kydai } from '../../flow/kydai.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { apiRoute, json, jsonBody, Paging, pageOf } from './route.ts';

const openStates = ['new', 'open', 'contained', 'restored'];

/** Incidents, their runs and approvals. */
export function incidentRoutes(app: OpenAPIHono<GuardedEnv>, kydai: Kydai, guard: Guard): void {
  const { records, clock, signals, executor } = kydai;

  app.openapi(
    apiRoute('/api/v1/incidents', guard('view', 'incidents'), {
      method: 'get',
      summary: 'Incidents, newest first',
      request: {
        query: Paging.extend({
          state: z.enum(['open', 'all']).default('all'),
          indicator: IndicatorName.optional().describe('only the incidents that this figure came from'),
        }),
      },
      responses: { 200: json(IncidentPage, 'one page of incidents') },
    }),
    async (c) => {
      const { state, indicator, limit, offset } = c.req.valid('query');
      if (indicator !== undefined) return c.json(await behind(kydai, indicator, limit, offset), 200);
      const where = state === 'open' ? { state: openStates } : {};
      const order = '-discovery';
      return c.json(await pageOf(records, incidents, { where, order, limit, offset }), 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/incidents/{id}', guard('view', 'incidents'), {
      method: 'get',
      summary: 'One incident with its detections, runs and deadlines',
      request: { params: z.object({ id: z.string() }) },
      responses: { 200: json(IncidentView, 'the incident') },
    }),
    async (c) => c.json(await incidentView(kydai, c.req.valid('param').id), 200),
  );

  app.openapi(
    apiRoute('/api/v1/incidents/{id}/actions', guard('handle-incident', 'incidents'), {
      method: 'post',
      summary: 'Open, restore, report, close, mark as false positive, or comment',
      request: { params: z.object({ id: z.string() }), ...jsonBody(IncidentActionBody) },
      responses: { 200: json(IncidentView, 'the incident after it') },
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const { action, comment } = c.req.valid('json');
      await actOnIncident(
        { records, clock, signals },
        { incidentId: id, action, comment, by: c.var.caller.actor },
      );
      return c.json(await incidentView(kydai, id), 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/runs/{id}/approvals', guard('approve-step', 'incidents'), {
      method: 'post',
      summary: 'Approve or refuse a playbook step that waits for a person',
      request: { params: z.object({ id: z.string() }), ...jsonBody(ApprovalBody) },
      responses: { 200: json(PlaybookRun, 'the run after it') },
    }),
    async (c) => {
      const { stepId, approved, comment } = c.req.valid('json');
      const runId = c.req.valid('param').id;
      return c.json(
        await executor.approve({ runId, stepId, approved, comment, by: c.var.caller.actor }),
        200,
      );
    },
  );
}

/** @throws ShellError `not-found` */
async function incidentView({ records, obligations, clock }: Kydai, id: string): Promise<IncidentView> {
  const found = await records.get(incidents, id);
  if (!found) throw new ShellError('not-found', `no incident has the id \`${id.slice(0, 100)}\``);
  const incident = found.value;
  const [foundDetections, foundRuns] = await Promise.all([
    Promise.all(incident.detectionIds.map((detectionId) => records.get(detections, detectionId))),
    Promise.all(incident.runIds.map((runId) => records.get(runs, runId))),
  ]);
  return {
    incident,
    detections: foundDetections.flatMap((record) => (record ? [record.value] : [])),
    runs: foundRuns.flatMap((record) => (record ? [record.value] : [])),
    obligations: [...obligationClocks(obligations, incident, clock.now())],
  };
}

/** The incidents that one of the overview's figures came from, newest first; they are those that the overview reads. */
async function behind({ records, clock }: Kydai, name: IndicatorName, limit: number, offset: number) {
  const all = await records.find(incidents, { where: { drill: false }, order: '-discovery', limit: 10_000 });
  const values = all.records.map(({ value }) => value);
  const figure = computeIndicators(values, clock.now()).find((indicator) => indicator.name === name);
  const ids = new Set(figure?.incidentIds);
  const items = values.filter(({ id }) => ids.has(id));
  return { items: items.slice(offset, offset + limit), total: items.length };
}
