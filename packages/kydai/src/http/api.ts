import { OpenAPIHono } from '@hono/zod-openapi';
import { envoyPrefix } from '../enforce/open.ts';
import { proxyGuard } from '../enforce/proxy-guard.ts';
import type { Kydai } from '../flow/kydai.ts';
import { ssfRoutes } from '../notify/ssf/routes.ts';
import { streamChanges } from '../notify/stream.ts';
import { version } from '../version.ts';
import { bodyLimit } from './body-limit.ts';
import { consoleFiles } from './console-files.ts';
import { anonymousFromHere, createGuard, type GuardedEnv, knownHosts } from './guard.ts';
import type { Peer } from './listen.ts';
import { problem, problemOf } from './problems.ts';
import { approvalRoutes } from './routes/approvals.ts';
import { askEventRoutes } from './routes/ask-events.ts';
import { auditRoutes } from './routes/audit.ts';
import { backupRoutes } from './routes/backups.ts';
import { blockedRoutes } from './routes/blocked.ts';
import { detectionRoutes } from './routes/detections.ts';
import { deviceRoutes } from './routes/devices.ts';
import { entityRoutes } from './routes/entities.ts';
import { eventRoutes } from './routes/events.ts';
import { findingRoutes } from './routes/findings.ts';
import { incidentRoutes } from './routes/incidents.ts';
import { overviewRoutes } from './routes/overview.ts';
import { pkiRoutes } from './routes/pki.ts';
import { policyRoutes } from './routes/policies.ts';
import { policyBundleRoutes } from './routes/policy-bundles.ts';
import { riskRoutes } from './routes/risk.ts';
import { ruleRoutes } from './routes/rules.ts';
import { storeRoutes } from './routes/store.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { securityHeaders } from './security-headers.ts';
import { signInRoutes } from './sign-in-routes.ts';

export type Guard = ReturnType<typeof createGuard>;

/** The console and the API: one application, guarded by the access policies. */
export function createApi(
  kydai: Kydai,
  consoleFolder: string,
): (request: Request, peer: Peer) => Response | Promise<Response> {
  const { log } = kydai;
  const app = new OpenAPIHono<GuardedEnv>({
    defaultHook: (result, c) =>
      result.success
        ? undefined
        : problem(c, 400, 'invalid', 'the request is not valid; `errors` names the places', {
            errors: result.error.issues.map((issue) => ({
              path: issue.path.join('.'),
              message: issue.message,
            })),
          }),
  });
  const decide = kydai.decisionLog.decideFor('console');
  const guard = createGuard(kydai.callers, decide, kydai.blockList.spare);
  const fromHere = anonymousFromHere(kydai.callers, decide);

  app.use(securityHeaders(kydai.tls));
  // AuthZEN 1.0 section 10.1.3: an answer names the request, a refusal of ours too.
  app.use('/access/v1/*', async (c, next) => {
    await next();
    const id = c.req.header('x-request-id');
    if (id !== undefined && id.length <= 1024) c.header('x-request-id', id);
  });
  // Envoy asks under the name of the service that it guards.
  const known = knownHosts(() => kydai.hostNames());
  app.use((c, next) => (c.req.path.startsWith(`${envoyPrefix}/`) ? next() : known(c, next)));
  const [small, large] = [bodyLimit(1024 * 1024, '1 MiB'), bodyLimit(64 * 1024 * 1024, '64 MiB')];
  app.use((c, next) => (/^\/api\/v1\/(?:sboms|rule-packs)\//.test(c.req.path) ? large : small)(c, next));
  app.onError((error, c) => problemOf(c, error, log));

  app.route('/', signInRoutes({ ...kydai, publicUrl: () => kydai.addresses().http }) as never);
  overviewRoutes(app, kydai, guard);
  incidentRoutes(app, kydai, guard);
  detectionRoutes(app, kydai, guard);
  approvalRoutes(app, kydai, guard);
  deviceRoutes(app, kydai, guard);
  blockedRoutes(app, kydai, guard);
  eventRoutes(app, kydai, guard);
  askEventRoutes(app, kydai, guard);
  storeRoutes(app, kydai, guard);
  findingRoutes(app, kydai, guard);
  ruleRoutes(app, kydai, guard);
  auditRoutes(app, kydai, guard);
  pkiRoutes(app, kydai, guard);
  backupRoutes(app, kydai, guard);
  policyRoutes(app, kydai, guard);
  policyBundleRoutes(app, kydai, guard);
  entityRoutes(app, kydai, guard);
  riskRoutes(app, kydai, guard);
  tokenRoutes(app, kydai, guard);

  // Proxies ask for the services behind them. Before AuthZEN, which answers everything else below its path.
  const { enforcement } = kydai;
  app.get('/access/v1/nginx', fromHere('ask-decision', 'decisions'), (c) => enforcement.nginx(c.req.raw));
  app.get('/access/v1/stream', fromHere('ask-decision', 'decisions'), async (c) => {
    const caller = () => kydai.callers.identify(c.req.raw.headers);
    const bare = (await caller()) === undefined;
    return streamChanges(c, kydai.changes, async () => bare || (await caller()) !== undefined);
  });
  ssfRoutes(app, kydai, guard);
  app.all(`${envoyPrefix}/*`, proxyGuard(kydai.callers, decide), (c) => enforcement.envoy(c.req.raw));

  // AuthZEN, metrics and the block list are asked by machines: without a token from this machine only.
  for (const path of ['/access/v1/*', '/.well-known/authzen-configuration']) {
    app.on(['GET', 'POST'], path, fromHere('ask-decision', 'decisions'), (c) => kydai.authZen(c.req.raw));
  }
  app.get('/metrics', fromHere('view', 'overview'), async (c) => {
    const { text, type } = await kydai.metrics();
    return c.body(text, 200, { 'content-type': type });
  });
  app.get('/feeds/blocked-addresses.txt', fromHere('view', 'devices'), (c) =>
    c.text(
      kydai.blockList
        .addresses()
        .map((address) => `${address}\n`)
        .join(''),
    ),
  );
  app.get('/health', (c) => c.json({ status: 'ok', version }));
  app.doc31('/api/openapi.json', {
    openapi: '3.1.0',
    info: { title: 'Kỳ Đài', version, description: 'The API of the console and of pipelines.' },
  });
  app.all('/api/*', (c) => problem(c, 404, 'not-found', `there is no \`${c.req.path.slice(0, 200)}\``));
  app.get('*', consoleFiles(consoleFolder));
  app.notFound((c) => problem(c, 404, 'not-found', 'there is nothing here'));

  return (request, peer) => app.fetch(request, { peer });
}
