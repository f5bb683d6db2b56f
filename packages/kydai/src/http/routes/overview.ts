import type { OpenAPIHono } from '@hono/zod-openapi';
import { consoleActions, Overview, SessionView } from '@kydai/contracts';
import { computeIndicators, detections, incidents, obligationClocks } from '@kydai/csirt';
import { devices } from '@kydai/pki';
import type { Kydai } from '../../flow/kydai.ts';
import { countCertificates } from '../../pki/certificate-counts.ts';
import { permittedActions } from '../../sign-in/caller.ts';
import { version } from '../../version.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { streamSignals } from '../stream.ts';
import { apiRoute, json } from './route.ts';

const openStates = ['new', 'open', 'contained', 'restored'];
const day = 86_400_000;
const interval = 1800_000;

/** The session, the overview and the live stream. */
export function overviewRoutes(app: OpenAPIHono<GuardedEnv>, kydai: Kydai, guard: Guard): void {
  app.openapi(
    apiRoute('/api/v1/session', guard('view', 'overview'), {
      method: 'get',
      summary: 'Who is signed in, and what they may do',
      responses: { 200: json(SessionView, 'the session') },
    }),
    async (c) => {
      const { caller } = c.var;
      const { person } = caller;
      const user = {
        id: person?.id ?? caller.uid.id,
        name: person?.name ?? caller.uid.id,
        roles: [...(person?.roles ?? [])],
      };
      return c.json(
        { user, permissions: permittedActions(kydai.decide, caller, consoleActions, 'overview'), version },
        200,
      );
    },
  );

  app.openapi(
    apiRoute('/api/v1/overview', guard('view', 'overview'), {
      method: 'get',
      summary: 'What the operations centre looks at first',
      responses: { 200: json(Overview, 'the overview') },
    }),
    async (c) => c.json(await overview(kydai), 200),
  );

  app.get('/api/v1/stream', guard('view', 'overview'), (c) =>
    streamSignals(
      c,
      kydai.signals,
      async () => (await kydai.callers.identify(c.req.raw.headers)) !== undefined,
    ),
  );
}

async function overview(kydai: Kydai): Promise<Overview> {
  const { records, clock, executor, obligations, intake } = kydai;
  const now = clock.now();
  const ofDevices = { profile: 'device' };
  const valid = { ...ofDevices, revoked: false, notAfter: { gt: now } };
  const [open, all, approvals, total, quarantined, certificatesValid, expiring, revoked, activity] =
    await Promise.all([
      records.find(incidents, { where: { state: openStates }, order: '-discovery', limit: 1000 }),
      records.find(incidents, { where: { drill: false }, order: '-discovery', limit: 10_000 }),
      executor.waiting(),
      records.count(devices),
      records.count(devices, { quarantined: true }),
      countCertificates(records, valid),
      countCertificates(records, { ...valid, notAfter: { gt: now, lte: now + 14 * day } }),
      countCertificates(records, { ...ofDevices, revoked: true }),
      activityOf(kydai, now),
    ]);
  const openIncidents = open.records.map(({ value }) => value);
  const real = openIncidents.filter(({ drill }) => !drill);
  return {
    now,
    incidents: {
      open: real.length,
      bySeverity: countBy(real, ({ severity }) => severity),
      newest: openIncidents.slice(0, 8),
    },
    indicators: [
      ...computeIndicators(
        all.records.map(({ value }) => value),
        now,
      ),
    ],
    approvals: [...approvals],
    obligations: real.flatMap((incident) => [...obligationClocks(obligations, incident, now)]),
    devices: {
      total,
      quarantined,
      certificatesValid,
      certificatesExpiringSoon: expiring,
      certificatesRevoked: revoked,
    },
    sources: [...intake.ledgers()],
    activity,
    pipelineLatency: kydai.pipelineLatency(),
  };
}

async function activityOf({ events, records }: Kydai, now: number): Promise<Overview['activity']> {
  const from = Math.floor((now - day) / interval) * interval + interval;
  const times = Array.from(
    { length: Math.floor((now - from) / interval) + 1 },
    (_, n) => from + n * interval,
  );
  const [counted, fired] = await Promise.all([
    events.aggregate({ from, to: now + 1, interval }),
    Promise.all(times.map((time) => records.count(detections, { time: { gte: time, lt: time + interval } }))),
  ]);
  const kept = new Map<number, number>();
  for (const { time = 0, count } of counted) kept.set(time, (kept.get(time) ?? 0) + count);
  return times.map((time, n) => ({ time, events: kept.get(time) ?? 0, detections: fired[n]! }));
}

function countBy<T>(items: readonly T[], key: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
}
