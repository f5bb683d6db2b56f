import type { Overview as OverviewBody } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { Maximize2, Minimize2 } from 'lucide-react';
import { Link, useSearchParams } from 'wouter';
import { overviewQuery } from '../../api/queries.ts';
import { titleOf } from '../../language/named.ts';
import { useSettings } from '../../language/settings.tsx';
import { AccountLine, sumAccounts } from '../../parts/account.tsx';
import { Deadline } from '../../parts/deadline.tsx';
import { Empty, Loaded, Page, Panel, Skeleton } from '../../parts/frame.tsx';
import { DrillMark, SeverityGlyph, StateMark } from '../../parts/marks.tsx';
import { useNow } from '../../parts/now.ts';
import { TimeBars } from '../../parts/time-bars.tsx';
import { Visible } from '../../parts/visible.tsx';
import { When } from '../../parts/when.tsx';
import { BackupLine } from '../backups/line.tsx';
import { Approvals } from './approvals.tsx';
import { Indicators } from './indicators.tsx';

/** What a person on watch needs at a glance: what waits for them first, then how the city stands. */
export function Overview() {
  const { t } = useSettings();
  const query = useQuery(overviewQuery());
  const [search, setSearch] = useSearchParams();
  const wall = search.has('wall');
  const toggleWall = () => {
    setSearch(wall ? {} : { wall: '1' });
    if (wall) void document.exitFullscreen?.().catch(() => undefined);
    else void document.documentElement.requestFullscreen?.().catch(() => undefined);
  };
  return (
    <Page
      title={t('overview.title')}
      className={wall ? 'overview wall' : 'overview'}
      lead={<Clock />}
      actions={
        <button type="button" className="button quiet wall-toggle" onClick={toggleWall}>
          {wall ? <Minimize2 aria-hidden="true" /> : <Maximize2 aria-hidden="true" />}
          {wall ? t('overview.wallExit') : t('overview.wall')}
        </button>
      }
    >
      <Loaded query={query} skeleton={<Skeleton lines={12} tall />}>
        {(data) => <Board data={data} />}
      </Loaded>
    </Page>
  );
}

function Board({ data }: { data: OverviewBody }) {
  const { t, format, language } = useSettings();
  const running = data.obligations.filter((clock) => clock.met === undefined).sort((a, b) => a.due - b.due);
  const numbers = new Map(data.incidents.newest.map((incident) => [incident.id, incident.number]));
  const interval =
    data.activity[1] && data.activity[0] ? data.activity[1].time - data.activity[0].time : 3_600_000;
  return (
    <div className="board">
      {data.approvals.length > 0 ? <Approvals approvals={data.approvals} /> : null}

      <Panel
        title={t('overview.incidents')}
        className="board-incidents"
        flush
        aside={
          <Link className="more" href="/incidents">
            {t('overview.allIncidents')}
          </Link>
        }
      >
        {data.incidents.newest.length === 0 ? (
          <Empty title={t('overview.calm')} hint={t('overview.calmHint')} />
        ) : (
          <>
            <div className="severity-sum">
              <strong className="huge figures">{format.number(data.incidents.open)}</strong>
              <ul>
                {(['critical', 'high', 'medium', 'low', 'informational'] as const).map((level) => (
                  <li key={level} data-zero={data.incidents.bySeverity[level] ? undefined : true}>
                    <SeverityGlyph level={level} />
                    <strong className="figures">{data.incidents.bySeverity[level] ?? 0}</strong>
                    {t(`level.${level}`)}
                  </li>
                ))}
              </ul>
            </div>
            <ul className="incident-lines">
              {data.incidents.newest.map((incident) => (
                <li key={incident.id} className={incident.drill ? 'incident-line drill' : 'incident-line'}>
                  <SeverityGlyph level={incident.severity} />
                  <Link href={`/incidents/${incident.id}`} className="row-link">
                    {titleOf(incident, language)} <span className="mono number">{incident.number}</span>
                  </Link>
                  <span className="incident-line-foot">
                    {incident.drill ? <DrillMark /> : null}
                    <StateMark state={incident.state} />
                    {incident.times.discovery ? <When at={incident.times.discovery.at} /> : null}
                  </span>
                </li>
              ))}
            </ul>
          </>
        )}
      </Panel>

      <Panel title={t('overview.deadlines')} className="board-deadlines">
        {running.length === 0 ? (
          <p className="hint">{t('overview.deadlinesNone')}</p>
        ) : (
          <>
            <Deadlines clocks={running.slice(0, shownDeadlines)} numbers={numbers} />
            {running.length > shownDeadlines ? (
              <details className="more-deadlines">
                <summary>{t('overview.deadlinesMore', { n: running.length - shownDeadlines })}</summary>
                <Deadlines clocks={running.slice(shownDeadlines)} numbers={numbers} />
              </details>
            ) : null}
          </>
        )}
      </Panel>

      <Panel
        title={t('overview.indicators')}
        hint={t('overview.indicatorsHint')}
        className="board-indicators"
        flush
      >
        <Indicators indicators={data.indicators} />
      </Panel>

      <Panel
        title={t('overview.activity')}
        className="board-activity"
        aside={
          <span className="latency figures">
            {t('overview.latency')}:{' '}
            {data.pipelineLatency.p50 === null || data.pipelineLatency.p99 === null ? (
              t('common.unknown')
            ) : (
              <>
                p50 <b>{format.duration(data.pipelineLatency.p50)}</b> · p99{' '}
                <b>{format.duration(data.pipelineLatency.p99)}</b> · n ={' '}
                {format.number(data.pipelineLatency.n)}
              </>
            )}
          </span>
        }
      >
        <TimeBars
          label={t('overview.activity')}
          bars={data.activity.map((one) => ({ time: one.time, count: one.events, marked: one.detections }))}
          interval={interval}
          countLabel={t('overview.activityEvents').toLowerCase()}
          markedLabel={t('overview.activityDetections').toLowerCase()}
        />
        <p className="legend">
          <i className="legend-bar" /> {t('overview.activityEvents')} <i className="legend-mark" />{' '}
          {t('overview.activityDetections')}
        </p>
      </Panel>

      <Panel title={t('overview.devices')} className="board-devices">
        <dl className="counts figures">
          <Count href="/devices" label={t('overview.devicesTotal')} value={data.devices.total} />
          <Count
            href="/devices"
            label={t('overview.quarantined')}
            value={data.devices.quarantined}
            tone="bad"
          />
          <Count
            href="/certificates?status=valid"
            label={t('overview.valid')}
            value={data.devices.certificatesValid}
          />
          <Count
            href="/certificates?status=valid"
            label={t('overview.expiring')}
            value={data.devices.certificatesExpiringSoon}
            tone="warn"
          />
          <Count
            href="/certificates?status=revoked"
            label={t('overview.revoked')}
            value={data.devices.certificatesRevoked}
          />
        </dl>
      </Panel>

      <Panel
        title={t('overview.sources')}
        className="board-sources"
        aside={
          <Link className="more" href="/sources">
            {t('common.total', { n: data.sources.length })}
          </Link>
        }
      >
        {data.sources.length === 0 ? (
          <p className="hint">{t('sources.empty')}</p>
        ) : (
          <>
            <AccountLine account={sumAccounts(data.sources)} />
            <ul className="source-lines figures">
              {[...data.sources]
                .sort((a, b) => b.received - a.received)
                .slice(0, 5)
                .map((source) => (
                  <li key={source.source}>
                    <span className="mono">
                      <Visible text={source.source} />
                    </span>
                    <span>{format.compact(source.received)}</span>
                    <When at={source.lastSeen} />
                  </li>
                ))}
            </ul>
          </>
        )}
      </Panel>

      <BackupLine />
    </div>
  );
}

/** The nearest deadlines stand open; a bad night must not push the rest of the board off a phone. */
const shownDeadlines = 4;

function Deadlines({
  clocks,
  numbers,
}: {
  clocks: OverviewBody['obligations'];
  numbers: ReadonlyMap<string, string>;
}) {
  return (
    <ul className="stack">
      {clocks.map((clock) => (
        <li key={`${clock.incidentId} ${clock.obligation.id}`}>
          <Link className="deadline-link" href={`/incidents/${clock.incidentId}`}>
            <Deadline clock={clock} about={numbers.get(clock.incidentId) ?? ''} />
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Count({
  href,
  label,
  value,
  tone,
}: {
  href: string;
  label: string;
  value: number;
  tone?: 'bad' | 'warn';
}) {
  const { format } = useSettings();
  return (
    <div data-tone={value > 0 ? tone : undefined}>
      <dt>
        <Link href={href}>{label}</Link>
      </dt>
      <dd>{format.number(value)}</dd>
    </div>
  );
}

/** The time in the city, apart so that a second does not draw the whole board anew. */
function Clock() {
  const { t, format } = useSettings();
  const now = useNow('second');
  return <span className="figures">{t('overview.lead', { time: format.clock(now) })}</span>;
}
