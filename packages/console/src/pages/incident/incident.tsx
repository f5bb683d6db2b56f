import type { IncidentView } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { ArrowLeft } from 'lucide-react';
import { Link } from 'wouter';
import { incidentQuery } from '../../api/queries.ts';
import { glossary, ruleTitleOf, titleOf } from '../../language/named.ts';
import { useSettings } from '../../language/settings.tsx';
import { Deadline } from '../../parts/deadline.tsx';
import { Empty, Loaded, Page, Panel, Skeleton } from '../../parts/frame.tsx';
import {
  DrillMark,
  Entity,
  namedOnce,
  Severity,
  SeverityGlyph,
  StateMark,
  Techniques,
} from '../../parts/marks.tsx';
import { When } from '../../parts/when.tsx';
import { Actions } from './actions.tsx';
import { Run } from './run.tsx';
import { Story } from './story.tsx';
import { Times } from './times.tsx';

/** One incident: what happened, what the playbook does about it, what it rests on, and what the law wants when. */
export default function IncidentPage({ id }: { id: string }) {
  const query = useQuery(incidentQuery(id));
  return (
    <Loaded query={query} skeleton={<Skeleton lines={12} tall />}>
      {(view) => <Body view={view} />}
    </Loaded>
  );
}

function Body({ view }: { view: IncidentView }) {
  const { t, language } = useSettings();
  const { incident, detections, runs, obligations } = view;
  const categories = glossary(runs, language);
  return (
    <Page
      title={titleOf(incident, language)}
      className={incident.drill ? 'incident drill' : 'incident'}
      lead={
        <span className="incident-facts">
          <Link className="back" href="/incidents">
            <ArrowLeft aria-hidden="true" />
            <span className="mono">{incident.number}</span>
          </Link>
          <Severity level={incident.severity} />
          <StateMark state={incident.state} />
          {incident.drill ? <DrillMark /> : null}
          <span>
            {t('incident.category')}:{' '}
            {categories.get(incident.category) ?? <span className="mono">{incident.category}</span>}
          </span>
          <span>
            {incident.assignee ? `${t('incident.assignee')}: ${incident.assignee}` : t('incident.unassigned')}
          </span>
        </span>
      }
      actions={<Actions incident={incident} />}
    >
      <p className="print-only">{t('incident.report')} · Kỳ Đài</p>
      <div className="incident-grid">
        <div className="incident-main">
          <div id="run">
            {runs.length === 0 ? (
              <Panel title={t('incident.runs')}>
                <p className="hint">{t('incident.runsEmpty')}</p>
              </Panel>
            ) : (
              runs.map((run) => <Run key={run.id} run={run} />)
            )}
          </div>
          <Panel title={t('incident.timeline')}>
            {incident.timeline.length === 0 ? (
              <Empty title={t('incident.timelineEmpty')} />
            ) : (
              <Story entries={incident.timeline} runs={runs} />
            )}
          </Panel>
          <Panel
            title={t('incident.detections')}
            flush
            aside={
              <span className="hint figures">
                {t('incident.detectionsShown', { shown: detections.length, total: incident.detectionCount })}
              </span>
            }
          >
            <ul className="detection-lines">
              {detections.map((detection) => (
                <li key={detection.id}>
                  <SeverityGlyph level={detection.level} />
                  <div>
                    <strong>{ruleTitleOf(detection.rule, language)}</strong>
                    <span className="under">
                      <Techniques ids={detection.techniques} />
                      <Link href={`/logs?q=${encodeURIComponent(eventsQuery(detection.eventIds))}&range=30d`}>
                        {t('detections.events', { n: detection.eventCount })}
                      </Link>
                      {namedOnce(detection.entities).map((entity) => (
                        <Entity key={`${entity.type}:${entity.id}`} entity={entity} bare />
                      ))}
                    </span>
                  </div>
                  <When at={detection.time} />
                </li>
              ))}
            </ul>
          </Panel>
        </div>
        <aside className="incident-side">
          <Panel title={t('incident.obligations')}>
            {obligations.length === 0 ? (
              <p className="hint">{t('incident.obligationsNone')}</p>
            ) : (
              <ul className="stack">
                {obligations.map((clock) => (
                  <li key={clock.obligation.id}>
                    <Deadline clock={clock} />
                  </li>
                ))}
              </ul>
            )}
          </Panel>
          <Panel title={t('incident.times')}>
            <Times incident={incident} />
          </Panel>
          <Panel title={t('incident.entities')}>
            <ul className="entity-list">
              {incident.entities.map((entity) => (
                <li key={`${entity.type}:${entity.id}`}>
                  <Entity entity={entity} />
                </li>
              ))}
            </ul>
          </Panel>
        </aside>
      </div>
    </Page>
  );
}

/** The query that finds the events of a detection again, as many as fit into an address. */
export function eventsQuery(ids: readonly string[]): string {
  return ids
    .slice(0, 20)
    .map((id) => `id:${id}`)
    .join(' or ');
}
