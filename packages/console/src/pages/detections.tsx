import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { detectionsQuery } from '../api/queries.ts';
import { ruleTitleOf } from '../language/named.ts';
import { useSettings } from '../language/settings.tsx';
import { Empty, Loaded, Page } from '../parts/frame.tsx';
import { useListing } from '../parts/listing.ts';
import { DrillMark, Entity, Severity, Techniques } from '../parts/marks.tsx';
import { Reference } from '../parts/reference.tsx';
import { Pager, Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { eventsQuery } from './incident/incident.tsx';

const levels = ['low', 'medium', 'high', 'critical'] as const;

/** The stream of rules that matched. */
export default function Detections() {
  const { t, format, language } = useSettings();
  const listing = useListing();
  const rule = listing.of('rule');
  const level = levels.find((one) => one === listing.of('level')) ?? '';
  const ruleName = (id: string) => {
    const named = query.data?.items.find((detection) => detection.rule.id === id)?.rule;
    return named === undefined ? id : ruleTitleOf(named, language);
  };
  const query = useQuery(detectionsQuery(listing.limit, listing.offset, rule, level));
  return (
    <Page
      title={t('detections.title')}
      lead={t('detections.lead')}
      actions={
        <label className="tool">
          <span>{t('rules.level')}</span>
          <select value={level} onChange={(event) => listing.filter({ level: event.currentTarget.value })}>
            <option value="">{t('detections.everyLevel')}</option>
            {levels.map((one) => (
              <option key={one} value={one}>
                {t('detections.fromLevel', { level: t(`level.${one}`) })}
              </option>
            ))}
          </select>
        </label>
      }
    >
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
          page.items.length === 0 && (rule || level) ? (
            <Empty title={t('detections.noMatch')} hint={t('detections.noMatchHint')} />
          ) : page.items.length === 0 ? (
            <Empty title={t('detections.empty')} hint={t('detections.emptyHint')}>
              <Link className="button" href="/sources">
                {t('nav.sources')}
              </Link>
            </Empty>
          ) : (
            <>
              <Table
                caption={t('detections.title')}
                rows={page.items}
                rowKey={(detection) => detection.id}
                mark={(detection) => (detection.drill ? 'drill' : undefined)}
                columns={[
                  {
                    id: 'level',
                    head: t('incidents.col.severity'),
                    cell: (detection) => <Severity level={detection.level} />,
                  },
                  {
                    id: 'rule',
                    head: t('detections.col.rule'),
                    kind: 'lead',
                    cell: (detection) => (
                      <>
                        <Link
                          className="strong quiet-link"
                          href={`/rules/${encodeURIComponent(detection.rule.id)}`}
                        >
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
                        {detection.entities.map((entity) => (
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
                    id: 'time',
                    head: t('common.time'),
                    kind: 'end',
                    cell: (detection) => (
                      <>
                        <When at={detection.time} />
                        <span className="under figures">
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
          )
        }
      </Loaded>
    </Page>
  );
}
