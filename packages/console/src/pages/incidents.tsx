import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { incidentsQuery } from '../api/queries.ts';
import { titleOf } from '../language/named.ts';
import { useSettings } from '../language/settings.tsx';
import { Copyable, Empty, Loaded, Page } from '../parts/frame.tsx';
import { useListing } from '../parts/listing.ts';
import { DrillMark, Entity, Severity, StateMark } from '../parts/marks.tsx';
import { Pager } from '../parts/pager.tsx';
import { Segments } from '../parts/segments.tsx';
import { Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { WaitingGroups } from './approvals/waiting.tsx';

const indicators = ['mttd', 'mtta', 'mttc', 'mttr-recover', 'mttr-respond'] as const;

/** All incidents or those still open, newest first. */
export default function Incidents() {
  const { t, format, language } = useSettings();
  const listing = useListing(25);
  const { limit, offset } = listing;
  const state = listing.of('state') === 'all' ? 'all' : 'open';
  const indicator = indicators.find((name) => name === listing.of('indicator'));
  const query = useQuery(incidentsQuery(indicator === undefined ? state : 'all', limit, offset, indicator));
  return (
    <Page
      title={t('incidents.title')}
      lead={
        indicator === undefined ? undefined : (
          <>
            {t('incidents.behind', { name: `${indicator.toUpperCase()} (${t(`indicator.${indicator}`)})` })}{' '}
            <Link href="/incidents">{t('overview.allIncidents')}</Link>
          </>
        )
      }
      actions={
        <Segments
          label={t('incidents.col.state')}
          value={indicator === undefined ? state : 'all'}
          choose={(value) => listing.filter({ state: value === 'all' ? 'all' : '', indicator: '' })}
          choices={[
            ['open', t('incidents.open')],
            ['all', t('incidents.all')],
          ]}
        />
      }
    >
      <WaitingGroups />
      <Loaded query={query}>
        {(page) =>
          page.items.length === 0 ? (
            <Empty title={t('incidents.empty')} hint={t('incidents.emptyHint')}>
              <Copyable text="npm run drill -- stolen-certificate" />
            </Empty>
          ) : (
            <>
              <Table
                caption={t('incidents.title')}
                rows={page.items}
                rowKey={(incident) => incident.id}
                mark={(incident) => (incident.drill ? 'drill' : undefined)}
                columns={[
                  {
                    id: 'severity',
                    head: t('incidents.col.severity'),
                    cell: (incident) => <Severity level={incident.severity} />,
                  },
                  {
                    id: 'title',
                    head: t('incidents.col.title'),
                    kind: 'lead',
                    cell: (incident) => (
                      <>
                        <Link className="row-link strong" href={`/incidents/${incident.id}`}>
                          {titleOf(incident, language)} <span className="mono number">{incident.number}</span>
                        </Link>
                        {incident.drill ? (
                          <span className="under">
                            <DrillMark />
                          </span>
                        ) : null}
                      </>
                    ),
                  },
                  {
                    id: 'state',
                    head: t('incidents.col.state'),
                    cell: (incident) => <StateMark state={incident.state} />,
                  },
                  {
                    id: 'entities',
                    head: t('incidents.col.entities'),
                    kind: 'wide',
                    cell: (incident) => (
                      <span className="entities">
                        {incident.entities.slice(0, 2).map((entity) => (
                          <Entity key={`${entity.type}:${entity.id}`} entity={entity} bare />
                        ))}
                        {incident.entities.length > 2 ? (
                          <span className="hint">+{incident.entities.length - 2}</span>
                        ) : null}
                      </span>
                    ),
                  },
                  {
                    id: 'detections',
                    head: t('incidents.col.detections'),
                    kind: 'figure',
                    cell: (incident) => format.number(incident.detectionCount),
                  },
                  {
                    id: 'discovered',
                    head: t('incidents.col.discovered'),
                    kind: 'end',
                    cell: (incident) =>
                      incident.times.discovery ? (
                        <When at={incident.times.discovery.at} />
                      ) : (
                        t('common.unknown')
                      ),
                  },
                ]}
              />
              <Pager {...listing.pager(page.total)} />
            </>
          )
        }
      </Loaded>
    </Page>
  );
}
