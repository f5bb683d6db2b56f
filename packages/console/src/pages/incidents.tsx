import type { EntityRef, Incident } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { incidentsQuery } from '../api/queries.ts';
import { useSession } from '../api/session.tsx';
import { titleOf } from '../language/named.ts';
import { useSettings } from '../language/settings.tsx';
import { isKey, type Translate } from '../language/translate.ts';
import { Choice, DrillChoice, drills, LevelChoice, leastLevels } from '../parts/choice.tsx';
import { Copyable, Empty, Loaded, Page } from '../parts/frame.tsx';
import { type Listing, useListing } from '../parts/listing.ts';
import { DrillMark, Entity, namedOnce, Severity, StateMark } from '../parts/marks.tsx';
import { Pager } from '../parts/pager.tsx';
import { SearchBox } from '../parts/search-box.tsx';
import { type Order, Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { WaitingGroups } from './approvals/waiting.tsx';

const indicators = ['mttd', 'mtta', 'mttc', 'mttr-recover', 'mttr-respond'] as const;
/** As the API names them: `open` is all that are not over. */
const states = [
  'open', 'all', 'new', 'acknowledged', 'contained', 'restored', 'closed', 'false-positive',
] as const; // biome-ignore format: a list
const orders = [
  '-discovery', 'discovery', '-severity', 'severity', 'state', '-state', '-detections', 'detections',
  'assignee', '-assignee',
] as const; // biome-ignore format: a list
const filters = ['state', 'q', 'severity', 'assignee', 'drill', 'entity', 'detection', 'indicator'] as const;
/** As the API names those that nobody handles. */
const nobody = '-';

/** Those that are not over unless asked otherwise, newest first. */
export default function Incidents() {
  const { t } = useSettings();
  const listing = useListing(25);
  const [q, assignee, detection] = [listing.of('q'), listing.of('assignee'), listing.of('detection')];
  const indicator = indicators.find((name) => name === listing.of('indicator'));
  // The figures of the overview come from incidents that are over, too.
  const state =
    listing.of('state') === '' && indicator !== undefined ? 'all' : listing.choice('state', states);
  const severity = listing.choice('severity', leastLevels);
  const drill = listing.choice('drill', drills);
  const entity = entityOf(listing.of('entity'));
  const order = listing.order(orders);
  const asked = { state, q, severity, assignee, drill, detection, indicator, order: order.value };
  const query = useQuery(
    incidentsQuery(
      { ...asked, entity: entity === undefined ? '' : `${entity.type}:${entity.id}` },
      listing.limit,
      listing.offset,
    ),
  );
  return (
    <Page title={t('incidents.title')}>
      <WaitingGroups />
      <div className="filters">
        <SearchBox label={t('incidents.search')} value={q} search={(text) => listing.filter({ q: text })} />
        <Choice
          label={t('incidents.col.state')}
          all={t('incidents.open')}
          value={state === 'open' ? '' : state}
          choose={(value) =>
            listing.filter({ state: value === '' && indicator !== undefined ? 'open' : value })
          }
          choices={states.flatMap((one) => (one === 'open' ? [] : [[one, stateName(one, t)] as const]))}
        />
        <LevelChoice value={severity} choose={(value) => listing.filter({ severity: value })} />
        <Assignees listing={listing} page={query.data?.items ?? []} />
        <DrillChoice value={drill} choose={(value) => listing.filter({ drill: value })} />
        {query.data ? (
          <span className="hint figures filters-count">{t('common.total', { n: query.data.total })}</span>
        ) : null}
      </div>
      {indicator === undefined ? null : (
        <p className="notice">
          <span>
            {t('incidents.behind', { name: `${indicator.toUpperCase()} (${t(`indicator.${indicator}`)})` })}
          </span>
          <button type="button" className="link" onClick={() => listing.filter({ indicator: '' })}>
            {t('overview.allIncidents')}
          </button>
        </p>
      )}
      {entity === undefined ? null : (
        <p className="notice">
          <span>
            {t('incidents.about')} <Entity entity={entity} />
          </span>
          <button type="button" className="link" onClick={() => listing.filter({ entity: '' })}>
            {t('overview.allIncidents')}
          </button>
        </p>
      )}
      {detection === '' ? null : (
        <p className="notice">
          <span>{t('incidents.ofDetection')}</span>
          <button type="button" className="link" onClick={() => listing.filter({ detection: '' })}>
            {t('overview.allIncidents')}
          </button>
        </p>
      )}
      <Loaded query={query}>
        {(page) =>
          page.items.length > 0 ? (
            <>
              {page.searched === undefined ? null : (
                <p className="hint">{t('incidents.searched', { n: page.searched })}</p>
              )}
              <List incidents={page.items} order={order} />
              <Pager {...listing.pager(page.total)} />
            </>
          ) : listing.narrowed(...filters) ? (
            <Empty
              title={t('incidents.noMatch')}
              hint={t(detection === '' ? 'detections.noMatchHint' : 'incidents.ofDetectionNone')}
            >
              <button
                type="button"
                className="button"
                onClick={() =>
                  listing.filter({
                    ...Object.fromEntries(filters.map((name) => [name, ''])),
                    state: 'all',
                  })
                }
              >
                {t('common.showAll')}
              </button>
            </Empty>
          ) : (
            <Empty title={t('incidents.empty')} hint={t('incidents.emptyHint')}>
              <Copyable text="npm run drill -- stolen-certificate" />
            </Empty>
          )
        }
      </Loaded>
    </Page>
  );
}

function stateName(state: Exclude<(typeof states)[number], 'open'>, t: Translate): string {
  if (state === 'all') return t('incidents.all');
  return t(`state.${state === 'acknowledged' ? 'open' : state}`);
}

/** `device:cam-001`; undefined for what has no type that we know. */
function entityOf(text: string): EntityRef | undefined {
  const [type = '', ...id] = text.split(':');
  return isKey(`entity.${type}`) && id.join(':') !== ''
    ? { type: type as EntityRef['type'], id: id.join(':') }
    : undefined;
}

/** Who handles them: oneself, nobody, or one of those that are on the page. */
function Assignees({ listing, page }: { listing: Listing; page: readonly Incident[] }) {
  const { t } = useSettings();
  const { user } = useSession();
  const value = listing.of('assignee');
  const others = new Set(page.flatMap(({ assignee }) => assignee ?? []));
  if (value !== '' && value !== nobody) others.add(value);
  others.delete(user.id);
  return (
    <Choice
      label={t('incident.assignee')}
      all={t('incidents.everybody')}
      value={value}
      choose={(next) => listing.filter({ assignee: next })}
      choices={[
        [user.id, t('incidents.mine')],
        [nobody, t('incident.unassigned')],
        ...[...others].sort().map((one) => [one, one] as const),
      ]}
    />
  );
}

function List({ incidents, order }: { incidents: readonly Incident[]; order: Order }) {
  const { t, format, language } = useSettings();
  return (
    <Table
      caption={t('incidents.title')}
      rows={incidents}
      order={order}
      rowKey={(incident) => incident.id}
      mark={(incident) => (incident.drill ? 'drill' : undefined)}
      columns={[
        {
          id: 'severity',
          orders: ['-severity', 'severity'],
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
                {titleOf(incident, language)}
              </Link>
              <span className="under">
                <span className="mono number">{incident.number}</span>
                {incident.drill ? <DrillMark /> : null}
              </span>
            </>
          ),
        },
        {
          id: 'state',
          orders: ['state', '-state'],
          head: t('incidents.col.state'),
          cell: (incident) => <StateMark state={incident.state} />,
        },
        {
          id: 'assignee',
          orders: ['assignee', '-assignee'],
          head: t('incident.assignee'),
          cell: ({ assignee }) =>
            assignee ?? (
              <span className="hint">
                <span aria-hidden="true">–</span>
                <span className="visually-hidden">{t('incident.unassigned')}</span>
              </span>
            ),
        },
        {
          id: 'entities',
          head: t('incidents.col.entities'),
          kind: 'wide',
          cell: ({ entities }) => <Entities entities={entities} />,
        },
        {
          id: 'detections',
          orders: ['-detections', 'detections'],
          head: t('incidents.col.detections'),
          kind: 'figure',
          cell: (incident) => format.number(incident.detectionCount),
        },
        {
          id: 'discovered',
          orders: ['-discovery', 'discovery'],
          head: t('incidents.col.discovered'),
          kind: 'end',
          cell: (incident) =>
            incident.times.discovery ? <When at={incident.times.discovery.at} /> : t('common.unknown'),
        },
      ]}
    />
  );
}

function Entities({ entities }: { entities: Incident['entities'] }) {
  const named = namedOnce(entities);
  return (
    <span className="entities">
      {named.slice(0, 2).map((entity) => (
        <Entity key={entity.id} entity={entity} bare />
      ))}
      {named.length > 2 ? <span className="hint">+{named.length - 2}</span> : null}
    </span>
  );
}
