import type { Detection, EntityRef, HuntView, Level } from '@kydai/contracts';
import { Siren } from 'lucide-react';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { post } from '../../api/client.ts';
import { paths } from '../../api/paths.ts';
import { useMay } from '../../api/session.tsx';
import { ruleTitleOf } from '../../language/named.ts';
import { useSettings } from '../../language/settings.tsx';
import { CommentField, ConfirmDialog, fieldText } from '../../parts/dialog.tsx';
import { Empty } from '../../parts/frame.tsx';
import { Entity, Techniques } from '../../parts/marks.tsx';
import { Pager } from '../../parts/pager.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { eventsQuery } from '../incident/incident.tsx';

const limit = 50;
const severities = ['low', 'medium', 'high', 'critical'] as const;

/** What a hunt found, and the way to make an incident of it. */
export function Hits({ view, running, stopped }: { view: HuntView; running: boolean; stopped: boolean }) {
  const { t, format, language } = useSettings();
  const [offset, setOffset] = useState(0);
  const [asking, setAsking] = useState(false);
  const may = useMay();
  const { hits, total, judged, complete, ms, warnings } = view;
  const title = ruleTitleOf(hits[0]?.rule ?? view.rule, language);
  return (
    <section className="stack">
      {running ? null : (
        <div className="hunt-outcome">
          <p className={stopped || !complete ? 'notice warn' : 'notice good'} role="status">
            {stopped
              ? t('hunts.stopped', { total: format.number(total) })
              : t('hunts.done', {
                  title,
                  total: format.number(total),
                  judged: format.number(judged),
                  duration: format.duration(ms),
                })}
            {!stopped && !complete ? ` ${t('hunts.cut')}` : null}
            {total > hits.length ? ` (${t('hunts.shown', { n: hits.length })})` : null}
          </p>
          {hits.length > 0 && may('handle-incident') ? (
            <button type="button" className="button primary" onClick={() => setAsking(true)}>
              <Siren aria-hidden="true" />
              {t('hunts.incident')}
            </button>
          ) : null}
        </div>
      )}
      {warnings.map((warning) => (
        <p key={warning} className="notice warn">
          {warning}
        </p>
      ))}
      {hits.length === 0 ? (
        running ? null : (
          <Empty title={t('hunts.nothing')} hint={t('hunts.nothingHint')} />
        )
      ) : (
        <>
          <HitTable hits={hits.slice(offset, offset + limit)} />
          <Pager offset={offset} limit={limit} total={hits.length} go={setOffset} />
        </>
      )}
      {asking ? <MakeIncident view={view} close={() => setAsking(false)} /> : null}
    </section>
  );
}

function HitTable({ hits }: { hits: readonly Detection[] }) {
  const { t, format } = useSettings();
  return (
    <Table
      caption={t('hunts.title')}
      rows={hits}
      rowKey={(hit) => hit.id}
      columns={[
        { id: 'time', head: t('common.time'), kind: 'lead', cell: (hit) => <When at={hit.time} exact /> },
        {
          id: 'about',
          head: t('hunts.col.what'),
          kind: 'wide',
          cell: (hit) => (
            <span className="entities">
              {hit.entities.map((entity) => (
                <Entity key={`${entity.type}:${entity.id}`} entity={entity} />
              ))}
            </span>
          ),
        },
        {
          id: 'techniques',
          head: t('detections.col.techniques'),
          cell: (hit) => <Techniques ids={hit.techniques} />,
        },
        {
          id: 'events',
          head: t('overview.activityEvents'),
          kind: 'figure',
          cell: (hit) => (
            <Link href={`/logs?q=${encodeURIComponent(eventsQuery(hit.eventIds))}&range=30d`}>
              {format.number(hit.eventCount)}
            </Link>
          ),
        },
      ]}
    />
  );
}

function MakeIncident({ view, close }: { view: HuntView; close: () => void }) {
  const { t } = useSettings();
  const [, go] = useLocation();
  const [first] = view.hits;
  if (first === undefined) return null;
  const level = first.level === 'informational' ? 'low' : first.level;
  return (
    <ConfirmDialog
      title={t('hunts.incident')}
      explanation={t('hunts.incidentExplain', { n: view.total })}
      confirm={t('hunts.incident')}
      close={close}
      act={async (form) => {
        const made = await post<{ id: string }>(paths.huntIncident, {
          rule: first.rule,
          level: fieldText(form, 'level') as Level,
          eventIds: [...new Set(view.hits.flatMap(({ eventIds }) => eventIds))].slice(0, 100),
          eventCount: view.hits.reduce((sum, hit) => sum + hit.eventCount, 0),
          techniques: [...new Set(view.hits.flatMap(({ techniques }) => techniques))].slice(0, 50),
          tags: first.tags.slice(0, 50),
          entities: entitiesOf(view.hits),
          comment: fieldText(form, 'comment'),
        });
        go(`/incidents/${made.id}`);
      }}
    >
      <label className="field">
        <span>{t('hunts.severity')}</span>
        <select name="level" defaultValue={level}>
          {severities.map((one) => (
            <option key={one} value={one}>
              {t(`level.${one}`)}
            </option>
          ))}
        </select>
      </label>
      <CommentField />
    </ConfirmDialog>
  );
}

/** Everything that the hits are about, each once. */
function entitiesOf(hits: readonly Detection[]): readonly EntityRef[] {
  const found = new Map<string, EntityRef>();
  for (const hit of hits) for (const entity of hit.entities) found.set(`${entity.type}:${entity.id}`, entity);
  return [...found.values()].slice(0, 100);
}
