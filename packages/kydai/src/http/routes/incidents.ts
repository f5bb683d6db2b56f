import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { ApprovalBody, IncidentActionBody, IncidentPage, IncidentView, PlaybookRun } from '@kydai/contracts';
import { actOnIncident, detections, incidents, obligationClocks, runs } from '@kydai/csirt';
import { ShellError } from '../../error.ts';
import type { Kydai } from '../../flow/kydai.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { IncidentsAsked, listIncidents } from './list-incidents.ts';
import { apiRoute, json, jsonBody } from './route.ts';

/** Incidents, their runs and approvals. */
export function incidentRoutes(app: OpenAPIHono<GuardedEnv>, kydai: Kydai, guard: Guard): void {
  const { records, clock, signals, executor } = kydai;

  app.openapi(
    apiRoute('/api/v1/incidents', guard('view', 'incidents'), {
      method: 'get',
      summary: 'Incidents, newest first',
      request: { query: IncidentsAsked },
      responses: { 200: json(IncidentPage, 'one page of incidents') },
    }),
    async (c) => c.json(await listIncidents(kydai, c.req.valid('query')), 200),
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
