import type { SbomGraph, SystemView } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { ArrowLeft, X } from 'lucide-react';
import { Link } from 'wouter';
import { findingListQuery, sbomGraphQuery } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import { Loaded, Page, Panel, Skeleton } from '../../parts/frame.tsx';
import { useListing } from '../../parts/listing.ts';
import { When } from '../../parts/when.tsx';
import { PagedFindings } from './finding-table.tsx';
import { WayList, WaysGraph } from './graph.tsx';
import { Counts, Verdict } from './marks.tsx';

/** One system: what it is made of, how what is wrong with it came in, and what to change. */
export default function SystemPage({ id }: { id: string }) {
  const component = useListing().of('component');
  const graph = useQuery(sbomGraphQuery(id, component));
  return (
    <Loaded query={graph} skeleton={<Skeleton lines={8} tall />}>
      {(view) => <Body graph={view} component={component} />}
    </Loaded>
  );
}

function Body({ graph, component }: { graph: SbomGraph; component: string }) {
  const { t } = useSettings();
  const { system } = graph;
  const listing = useListing();
  const filter = { system: system.id, ...(component ? { component } : {}) };
  const found = useQuery(findingListQuery(filter, listing.limit, listing.offset));
  const choose = (purl: string) => listing.filter({ component: purl });
  const chosen = graph.nodes.find((node) => node.purl !== '' && node.purl === component);
  return (
    <Page
      title={`${system.name} ${system.version}`}
      lead={
        <span className="incident-facts">
          <Link className="back" href="/findings">
            <ArrowLeft aria-hidden="true" />
            {t('findings.view.system')}
          </Link>
          {system.id === system.name ? null : <span className="mono">{system.id}</span>}
          <Verdict verdict={system.verdict} />
          <Counts severities={system.findings} />
        </span>
      }
    >
      <Facts graph={graph} system={system} />
      {graph.vulnerable > 0 ? (
        <Panel
          title={t('graph.title')}
          hint={t('graph.lead')}
          aside={
            graph.shown < graph.vulnerable ? (
              <span className="hint figures">
                {t('graph.shown', { n: graph.shown, all: graph.vulnerable })}
              </span>
            ) : null
          }
          flush
        >
          <WaysGraph graph={graph} chosen={component} choose={choose} />
          {chosen ? <WayList graph={graph} /> : null}
        </Panel>
      ) : null}
      <Panel
        title={chosen ? `${t('findings.list')}: ${chosen.name}@${chosen.version}` : t('findings.list')}
        aside={
          component ? (
            <button type="button" className="button quiet" onClick={() => choose('')}>
              <X aria-hidden="true" />
              {t('graph.all')}
            </button>
          ) : found.data ? (
            <span className="hint figures">{found.data.total}</span>
          ) : null
        }
        flush
      >
        <Loaded query={found}>
          {(page) =>
            page.items.length === 0 ? (
              <p className="hint padded">{t('findings.noneAtAll')}</p>
            ) : (
              <PagedFindings page={page} listing={listing} without="system" />
            )
          }
        </Loaded>
      </Panel>
    </Page>
  );
}

function Facts({ graph, system }: { graph: SbomGraph; system: SystemView }) {
  const { t, format } = useSettings();
  return (
    <dl className="facts figures">
      <div>
        <dt>{t('findings.col.owner')}</dt>
        <dd>{system.owner || t('findings.noOwner')}</dd>
      </div>
      <div>
        <dt>{t('findings.place')}</dt>
        <dd>{[system.zone, system.site].filter(Boolean).join(' · ') || t('common.unknown')}</dd>
      </div>
      <div>
        <dt>{t('findings.col.components')}</dt>
        <dd>
          {format.number(graph.components)}
          {system.notAssessed > 0 ? (
            <span className="under">{t('findings.notAssessed', { n: system.notAssessed })}</span>
          ) : null}
        </dd>
      </div>
      <div>
        <dt>{t('graph.relations')}</dt>
        <dd>{graph.relations === 0 ? t('graph.noRelations') : format.number(graph.relations)}</dd>
      </div>
      <div>
        <dt>{t('findings.col.received')}</dt>
        <dd>
          <When at={system.received} />
        </dd>
      </div>
    </dl>
  );
}
