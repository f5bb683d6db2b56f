import type { AdvisoryView, FoundPage } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { ArrowLeft, ExternalLink } from 'lucide-react';
import { Link } from 'wouter';
import { advisoryQuery, findingListQuery } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import { Empty, Loaded, Page, Panel } from '../../parts/frame.tsx';
import { useListing } from '../../parts/listing.ts';
import { PagedFindings } from './finding-table.tsx';
import { Likelihood, SeverityWord, Urgent } from './marks.tsx';

/** What an advisory says, and everything in the city that it touches. */
export default function AdvisoryPage({ id }: { id: string }) {
  const { t } = useSettings();
  const listing = useListing();
  const advisory = useQuery(advisoryQuery(id));
  const found = useQuery(findingListQuery({ advisory: id }, listing.limit, listing.offset));
  return (
    <Page
      title={id}
      lead={
        <span className="incident-facts">
          <Link className="back" href="/findings?view=advisory">
            <ArrowLeft aria-hidden="true" />
            {t('findings.view.advisory')}
          </Link>
          {advisory.data ? (
            <>
              <SeverityWord level={advisory.data.severity} score={advisory.data.score} />
              <Urgent {...advisory.data} />
              <Likelihood epss={advisory.data.epss} />
            </>
          ) : null}
        </span>
      }
    >
      <Loaded query={advisory}>{(view) => <Facts advisory={view} found={found.data} />}</Loaded>
      <Panel
        title={t('findings.touches')}
        hint={t('findings.touchesHint')}
        aside={found.data ? <span className="hint figures">{found.data.total}</span> : null}
        flush
      >
        <Loaded query={found}>
          {(page) =>
            page.items.length === 0 ? (
              <Empty title={t('findings.touchesNone')} />
            ) : (
              <PagedFindings page={page} listing={listing} without="advisory" />
            )
          }
        </Loaded>
      </Panel>
    </Page>
  );
}

function Facts({ advisory, found }: { advisory: AdvisoryView; found: FoundPage | undefined }) {
  const { t, format } = useSettings();
  const fixes = new Set(found?.items.flatMap(({ finding }) => finding.fixedVersions.slice(0, 1)));
  const day = (text: string) => (Number.isFinite(Date.parse(text)) ? format.date(Date.parse(text)) : text);
  return (
    <>
      <p className="advisory-summary">{advisory.summary}</p>
      <dl className="facts">
        <div>
          <dt>{t('findings.aliases')}</dt>
          <dd className="mono">{advisory.aliases.join(' · ') || t('common.unknown')}</dd>
        </div>
        <div>
          <dt>{t('findings.published')}</dt>
          <dd className="figures">{advisory.published ? day(advisory.published) : t('common.unknown')}</dd>
        </div>
        <div>
          <dt>{t('findings.modified')}</dt>
          <dd className="figures">{advisory.modified ? day(advisory.modified) : t('common.unknown')}</dd>
        </div>
        <div>
          <dt>{t('findings.col.fix')}</dt>
          <dd className="mono">{[...fixes].join(' · ') || t('findings.noFix')}</dd>
        </div>
        {advisory.vector ? (
          <div className="wide-fact">
            <dt>CVSS</dt>
            <dd className="mono">{advisory.vector}</dd>
          </div>
        ) : null}
        {advisory.url ? (
          <div>
            <dt>{t('findings.source')}</dt>
            <dd>
              <a className="link outside" href={advisory.url} rel="noreferrer noopener" target="_blank">
                {new URL(advisory.url).host} <ExternalLink aria-hidden="true" />
              </a>
            </dd>
          </div>
        ) : null}
      </dl>
    </>
  );
}
