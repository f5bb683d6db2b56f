import type { DetectionPage } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { Siren } from 'lucide-react';
import { Link } from 'wouter';
import { detectionsQuery } from '../api/queries.ts';
import { ruleTitleOf } from '../language/named.ts';
import { useSettings } from '../language/settings.tsx';
import { Choice, DrillChoice, drills, LevelChoice, leastLevels } from '../parts/choice.tsx';
import { Empty, Loaded, Page } from '../parts/frame.tsx';
import { type Listing, useListing } from '../parts/listing.ts';
import { DrillMark, Entity, namedOnce, Severity, Techniques } from '../parts/marks.tsx';
import { useNow } from '../parts/now.ts';
import { Pager } from '../parts/pager.tsx';
import { Reference } from '../parts/reference.tsx';
import { SearchBox } from '../parts/search-box.tsx';
import { FreshPill, useSteady } from '../parts/steady.tsx';
import { type Order, Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { eventsQuery } from './incident/incident.tsx';

const backs = { '': 0, '1h': 1, '24h': 24, '7d': 168, '30d': 720 } as const;
const spans = Object.keys(backs) as (keyof typeof backs)[];
const orders = ['-time', 'time', '-level'] as const;
const minute = 60_000;

/** The stream of rules that matched. */
export default function Detections() {
  const { t, language } = useSettings();
  const listing = useListing();
  const now = useNow();
  const [rule, q] = [listing.of('rule'), listing.of('q')];
  const level = listing.choice('level', leastLevels);
  const drill = listing.choice('drill', drills);
  const back = listing.choice('back', spans);
  const order = listing.order(orders);
  // By the minute: the same question is not asked anew each time that the clock ticks.
  const since = Math.floor(now / minute) * minute - backs[back] * 60 * minute;
  const from = back === '' ? '' : new Date(since).toISOString();
  const asked = { q, rule, level, drill, from, order: order.value };
  const query = useQuery(detectionsQuery(asked, listing.limit, listing.offset));
  const ruleName = (id: string) => {
    const named = query.data?.items.find((detection) => detection.rule.id === id)?.rule;
    return named === undefined ? id : ruleTitleOf(named, language);
  };
  const narrowed = listing.narrowed('rule', 'q', 'level', 'drill', 'back');
  return (
    <Page title={t('detections.title')} lead={t('detections.lead')}>
      <div className="filters">
        <SearchBox label={t('detections.search')} value={q} search={(text) => listing.filter({ q: text })} />
        <Choice
          label={t('detections.since')}
          all={t('detections.ever')}
          value={back}
          choose={(value) => listing.filter({ back: value })}
          choices={spans.flatMap((one) => (one === '' ? [] : [[one, t(`detections.back.${one}`)] as const]))}
        />
        <LevelChoice value={level} choose={(value) => listing.filter({ level: value })} />
        <DrillChoice value={drill} choose={(value) => listing.filter({ drill: value })} />
        {query.data ? (
          <span className="hint figures filters-count">{t('common.total', { n: query.data.total })}</span>
        ) : null}
      </div>
      {rule === '' ? null : (
        <p className="notice">
          <span>
            {t('detections.ofRule')} <Link href={`/rules/${encodeURIComponent(rule)}`}>{ruleName(rule)}</Link>
          </span>
          <button type="button" className="link" onClick={() => listing.filter({ rule: '' })}>
            {t('detections.ofEvery')}
          </button>
        </p>
      )}
      <Loaded query={query}>
        {(page) =>
          page.items.length > 0 ? (
            <Stream page={page} listing={listing} order={order} />
          ) : narrowed ? (
            <Empty title={t('detections.noMatch')} hint={t('detections.noMatchHint')}>
              <button
                type="button"
                className="button"
                onClick={() => listing.filter({ rule: '', q: '', level: '', drill: '', back: '' })}
              >
                {t('common.showAll')}
              </button>
            </Empty>
          ) : (
            <Empty title={t('detections.empty')} hint={t('detections.emptyHint')}>
              <Link className="button" href="/sources">
                {t('nav.sources')}
              </Link>
            </Empty>
          )
        }
      </Loaded>
    </Page>
  );
}

/** One page of them; the first one grows at its top, and stands still while somebody reads below. */
function Stream({ page, listing, order }: { page: DetectionPage; listing: Listing; order: Order }) {
  const { t, format, language } = useSettings();
  const now = useNow();
  const list = window.location.search;
  const { shown, fresh, show } = useSteady(page.items, ({ id }) => id, list);
  return (
    <>
      <FreshPill fresh={fresh} show={show} />
      {page.searched === undefined ? null : (
        <p className="hint">{t('detections.searched', { n: page.searched })}</p>
      )}
      <Table
        caption={t('detections.title')}
        rows={shown}
        order={order}
        rowKey={(detection) => detection.id}
        mark={(detection) => (detection.drill ? 'drill' : undefined)}
        columns={[
          {
            id: 'level',
            orders: ['-level'],
            head: t('incidents.col.severity'),
            cell: (detection) => <Severity level={detection.level} />,
          },
          {
            id: 'rule',
            head: t('detections.col.rule'),
            kind: 'lead',
            cell: (detection) => (
              <>
                <Link className="strong quiet-link" href={`/rules/${encodeURIComponent(detection.rule.id)}`}>
                  {ruleTitleOf(detection.rule, language)}
                </Link>
                <span className="under">
                  {detection.drill ? <DrillMark /> : null}
                  {detection.group
                    ? Object.entries(detection.group).map(([name, value]) => (
                        <span key={name} className="hint" title={name}>
                          <Reference text={`${name}=${value}`} />
                        </span>
                      ))
                    : null}
                </span>
              </>
            ),
          },
          {
            id: 'techniques',
            head: t('detections.col.techniques'),
            cell: (detection) => <Techniques ids={detection.techniques} />,
          },
          {
            id: 'entities',
            head: t('incidents.col.entities'),
            kind: 'wide',
            cell: (detection) => (
              <span className="entities">
                {namedOnce(detection.entities).map((entity) => (
                  <Entity key={`${entity.type}:${entity.id}`} entity={entity} bare />
                ))}
              </span>
            ),
          },
          {
            id: 'events',
            head: t('overview.activityEvents'),
            kind: 'figure',
            cell: (detection) => (
              <Link href={`/logs?q=${encodeURIComponent(eventsQuery(detection.eventIds))}&range=30d`}>
                {format.number(detection.eventCount)}
              </Link>
            ),
          },
          {
            id: 'incident',
            head: t('incidents.col.title'),
            cell: (detection) => (
              <Link
                className="icon-link"
                href={`/incidents?state=all&detection=${detection.id}`}
                aria-label={t('detections.incident')}
                title={t('detections.incident')}
              >
                <Siren aria-hidden="true" />
              </Link>
            ),
          },
          {
            id: 'time',
            orders: ['-time', 'time'],
            head: t('common.time'),
            kind: 'end',
            cell: (detection) => (
              <>
                <When at={detection.time} />
                <span className="under figures">
                  {format.short(detection.time, now)} ·{' '}
                  {t('detections.delay', {
                    duration: format.duration(Math.max(0, detection.detected - detection.time)),
                  })}
                </span>
              </>
            ),
          },
        ]}
      />
      <Pager {...listing.pager(page.total)} />
    </>
  );
}
