import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Component, lazy, type ReactNode, Suspense, useEffect } from 'react';
import { Link, Route, Switch } from 'wouter';
import { ApiError } from './api/client.ts';
import { LiveProvider } from './api/live.tsx';
import { sessionQuery } from './api/queries.ts';
import { SessionProvider } from './api/session.tsx';
import { useSettings } from './language/settings.tsx';
import { Overview } from './pages/overview/overview.tsx';
import { Empty, Failure, Page, Skeleton } from './parts/frame.tsx';
import { Shell } from './shell/shell.tsx';
import { SignIn } from './shell/sign-in.tsx';

const Incidents = lazy(() => import('./pages/incidents.tsx'));
const IncidentPage = lazy(() => import('./pages/incident/incident.tsx'));
const Detections = lazy(() => import('./pages/detections.tsx'));
const Rules = lazy(() => import('./pages/rules/rules.tsx'));
const RulePage = lazy(() => import('./pages/rules/rule.tsx'));
const Hunts = lazy(() => import('./pages/hunts/hunts.tsx'));
const Devices = lazy(() => import('./pages/devices/devices.tsx'));
const DevicePage = lazy(() => import('./pages/device.tsx'));
const Certificates = lazy(() => import('./pages/certificates/certificates.tsx'));
const Enrol = lazy(() => import('./pages/enrol.tsx'));
const Logs = lazy(() => import('./pages/logs/logs.tsx'));
const Findings = lazy(() => import('./pages/findings/findings.tsx'));
const FindingList = lazy(() => import('./pages/findings/list.tsx'));
const SystemPage = lazy(() => import('./pages/findings/system.tsx'));
const AdvisoryPage = lazy(() => import('./pages/findings/advisory.tsx'));
const Sources = lazy(() => import('./pages/sources/sources.tsx'));
const Decisions = lazy(() => import('./pages/decisions.tsx'));
const Policies = lazy(() => import('./pages/policies/policies.tsx'));
const Audit = lazy(() => import('./pages/audit.tsx'));
const Backups = lazy(() => import('./pages/backups/backups.tsx'));

/** Asks who is signed in, then shows the pages or the way in. */
export function App() {
  const session = useQuery(sessionQuery);
  const client = useQueryClient();
  const { t } = useSettings();
  const signedOut = session.error instanceof ApiError && session.error.status === 401;

  useEffect(
    // A session that ends in the middle of the work shows on the next answer: ask for it again then.
    () =>
      client.getQueryCache().subscribe((event) => {
        const { error } = event.query.state;
        if (event.type !== 'updated' || event.query.queryKey[0] === 'session') return;
        if (event.action.type === 'error' && error instanceof ApiError && error.status === 401) {
          void client.resetQueries({ queryKey: ['session'] });
        }
      }),
    [client],
  );

  if (signedOut) return <SignIn retry={() => void session.refetch()} />;
  if (!session.data) {
    return (
      <main className="boot">
        {session.error ? (
          <Failure error={session.error} retry={() => void session.refetch()} />
        ) : (
          <p role="status">{t('app.loading')}</p>
        )}
      </main>
    );
  }
  return (
    <SessionProvider session={session.data}>
      <LiveProvider>
        <Shell>
          <CrashGuard>
            <Suspense fallback={<Skeleton lines={9} />}>
              <Pages />
            </Suspense>
          </CrashGuard>
        </Shell>
      </LiveProvider>
    </SessionProvider>
  );
}

function Pages() {
  const { t } = useSettings();
  return (
    <Switch>
      <Route path="/" component={Overview} />
      <Route path="/incidents" component={Incidents} />
      <Route path="/incidents/:id">{({ id }) => <IncidentPage key={id} id={decodeURIComponent(id)} />}</Route>
      <Route path="/detections" component={Detections} />
      <Route path="/rules" component={Rules} />
      <Route path="/rules/:id">{({ id }) => <RulePage key={id} id={decodeURIComponent(id)} />}</Route>
      <Route path="/hunts" component={Hunts} />
      <Route path="/devices" component={Devices} />
      <Route path="/devices/:id">{({ id }) => <DevicePage key={id} id={decodeURIComponent(id)} />}</Route>
      <Route path="/certificates" component={Certificates} />
      <Route path="/enrol" component={Enrol} />
      <Route path="/logs" component={Logs} />
      <Route path="/findings" component={Findings} />
      <Route path="/findings/list" component={FindingList} />
      <Route path="/findings/systems/:id">
        {({ id }) => <SystemPage key={id} id={decodeURIComponent(id)} />}
      </Route>
      <Route path="/findings/advisories/:id">
        {({ id }) => <AdvisoryPage key={id} id={decodeURIComponent(id)} />}
      </Route>
      <Route path="/sources" component={Sources} />
      <Route path="/decisions" component={Decisions} />
      <Route path="/policies" component={Policies} />
      <Route path="/audit" component={Audit} />
      <Route path="/backups" component={Backups} />
      <Route>
        <Page title={t('app.notFound')}>
          <Empty title={t('app.notFound')} hint={t('app.notFoundHint')}>
            <Link className="button" href="/">
              {t('app.backHome')}
            </Link>
          </Empty>
        </Page>
      </Route>
    </Switch>
  );
}

/** A page that fails to draw leaves the frame and its navigation standing. */
class CrashGuard extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: undefined };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    return this.state.error === undefined ? this.props.children : <Crashed />;
  }
}

function Crashed() {
  const { t } = useSettings();
  return (
    <Page title={t('error.crash')}>
      <Empty title={t('error.crash')} hint={t('error.crashHint')}>
        <button type="button" className="button" onClick={() => window.location.reload()}>
          {t('error.reload')}
        </button>
      </Empty>
    </Page>
  );
}
