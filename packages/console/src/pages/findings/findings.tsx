import type { FindingSummary } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'wouter';
import { findingSummaryQuery } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import { Copyable, Empty, Loaded, Page } from '../../parts/frame.tsx';
import { useNow } from '../../parts/now.ts';
import { GateHistory } from './gate.tsx';
import { Groups } from './groups.tsx';
import { Counts } from './marks.tsx';
import { Waivers } from './waivers.tsx';

const views = ['system', 'component', 'advisory', 'owner', 'waivers', 'gate'] as const;

/** What the city's software is made of, what is wrong with it, who has accepted what, and what may ship. */
export default function Findings() {
  const { t } = useSettings();
  const query = useQuery(findingSummaryQuery());
  return (
    <Page title={t('findings.title')} lead={t('findings.lead')}>
      <Loaded query={query}>{(summary) => <Body summary={summary} />}</Loaded>
    </Page>
  );
}

function Body({ summary }: { summary: FindingSummary }) {
  const { t } = useSettings();
  const [search] = useSearchParams();
  const view = views.find((one) => one === search.get('view')) ?? 'system';
  const counts = {
    system: summary.systems,
    component: summary.components,
    advisory: summary.advisories,
    owner: summary.owners,
    waivers: undefined,
    gate: undefined,
  };
  return (
    <>
      <Standing summary={summary} />
      <nav className="tabs" aria-label={t('findings.views')}>
        {views.map((one) => (
          <Link
            key={one}
            href={one === 'system' ? '/findings' : `/findings?view=${one}`}
            aria-current={one === view ? 'page' : undefined}
          >
            {t(`findings.view.${one}`)}
            {counts[one] === undefined ? null : <span className="figures">{counts[one]}</span>}
          </Link>
        ))}
      </nav>
      {view === 'waivers' ? (
        <Waivers />
      ) : view === 'gate' ? (
        <GateHistory />
      ) : summary.systems === 0 ? (
        <Empty title={t('findings.empty')} hint={t('findings.emptyHint')}>
          <Copyable text="npx kydai sbom generate . -o sbom.json && npx kydai sbom push cong-dich-vu-cong sbom.json" />
        </Empty>
      ) : (
        <Groups key={view} by={view} />
      )}
    </>
  );
}

/** All of it in one line, and how old the knowledge is. */
function Standing({ summary }: { summary: FindingSummary }) {
  const { t, format } = useSettings();
  const now = useNow();
  const { database, verdicts } = summary;
  return (
    <>
      {database ? null : (
        <div className="notice warn column">
          <p>{t('findings.databaseNone')}</p>
          <Copyable text="npx kydai sbom db update" />
        </div>
      )}
      <dl className="facts figures">
        <div>
          <dt>{t('findings.view.system')}</dt>
          <dd className="verdicts">
            {(['fail', 'unchecked', 'pass'] as const).map((verdict) =>
              (verdicts[verdict] ?? 0) === 0 ? null : (
                <span key={verdict} className="mark" data-verdict={verdict}>
                  {verdicts[verdict]} {t(`findings.verdict.${verdict}`)}
                </span>
              ),
            )}
            {summary.systems === 0 ? '0' : null}
          </dd>
        </div>
        <div>
          <dt>{t('findings.list')}</dt>
          <dd>
            <Counts severities={summary.severities} />
          </dd>
        </div>
        <div>
          <dt>{t('findings.knownExploited')}</dt>
          <dd className={summary.knownExploited > 0 ? 'alarming' : undefined}>
            {format.number(summary.knownExploited)}
          </dd>
        </div>
        <div>
          <dt>{t('findings.fixable')}</dt>
          <dd>
            {t('findings.ofAll', { n: format.number(summary.fixable), all: format.number(summary.findings) })}
          </dd>
        </div>
        {database ? (
          <div>
            <dt>{t('findings.database')}</dt>
            <dd title={database.digest}>
              {t('findings.databaseLine', {
                n: database.advisories,
                time: format.relative(database.imported, now),
              })}
            </dd>
          </div>
        ) : null}
      </dl>
    </>
  );
}
