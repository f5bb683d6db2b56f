import type { Finding, FindingsView } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';
import { findingsQuery } from '../api/queries.ts';
import { useSettings } from '../language/settings.tsx';
import { Copyable, Empty, Loaded, Page, Panel } from '../parts/frame.tsx';
import { SeverityGlyph } from '../parts/marks.tsx';
import { useNow } from '../parts/now.ts';
import { Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';

const order = ['critical', 'high', 'medium', 'low', 'unknown', 'none'] as const;

/** Worst first: exploited or malicious, then severity, then score. Ties go by name so that the order never jumps. */
export function byDanger(a: Finding, b: Finding): number {
  const urgent = (one: Finding) => (one.malicious ? 2 : 0) + (one.knownExploited ? 1 : 0);
  return (
    urgent(b) - urgent(a) ||
    order.indexOf(a.severity) - order.indexOf(b.severity) ||
    (b.score ?? 0) - (a.score ?? 0) ||
    a.component.name.localeCompare(b.component.name)
  );
}

/** What each system is made of, whether it may ship, and what to update. */
export default function Findings() {
  const { t } = useSettings();
  const query = useQuery(findingsQuery());
  return (
    <Page title={t('findings.title')} lead={t('findings.lead')}>
      <Loaded query={query}>{(view) => <Body view={view} />}</Loaded>
    </Page>
  );
}

function Body({ view }: { view: FindingsView }) {
  const { t, format } = useSettings();
  const now = useNow();
  const [search, setSearch] = useSearchParams();
  const system = search.get('system');
  const findings = view.findings.filter((one) => !system || one.system === system).sort(byDanger);
  return (
    <>
      {view.database ? (
        <p className="hint figures">
          {t('findings.database')}:{' '}
          {t('findings.databaseLine', {
            n: view.database.advisories,
            time: format.relative(view.database.imported, now),
          })}{' '}
          <span className="mono">{view.database.digest.slice(0, 12)}</span>
        </p>
      ) : (
        <div className="notice warn column">
          <p>{t('findings.databaseNone')}</p>
          <Copyable text="npx kydai sbom db import ./advisories" />
        </div>
      )}
      {view.systems.length === 0 ? (
        <Empty title={t('findings.empty')} hint={t('findings.emptyHint')}>
          <Copyable text="npx kydai sbom generate . -o sbom.json && npx kydai sbom push cong-dich-vu-cong sbom.json" />
        </Empty>
      ) : (
        <ul className="systems">
          {view.systems.map((one) => (
            <li key={one.id}>
              <button
                type="button"
                className="system"
                data-verdict={one.verdict}
                aria-pressed={system === one.id}
                onClick={() => setSearch(system === one.id ? {} : { system: one.id })}
              >
                <span className="system-head">
                  <strong>{one.name}</strong> <span className="mono">{one.version}</span>
                </span>
                <span className="mark" data-verdict={one.verdict}>
                  {t(`findings.verdict.${one.verdict}`)}
                </span>
                <span className="system-counts figures">
                  {order
                    .filter((severity) => (one.findings[severity] ?? 0) > 0)
                    .map((severity) => (
                      <span key={severity} title={t(`findings.severity.${severity}`)}>
                        <SeverityGlyph level={severity} />
                        {one.findings[severity]}
                      </span>
                    ))}
                </span>
                <span className="hint figures">
                  {t('findings.components', { n: one.components })}
                  {one.notAssessed > 0 ? ` · ${t('findings.notAssessed', { n: one.notAssessed })}` : ''} ·{' '}
                  {one.owner} · <When at={one.received} />
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
      {view.systems.length > 0 ? (
        <Panel
          title={t('findings.list')}
          flush
          aside={<span className="hint figures">{findings.length}</span>}
        >
          {findings.length === 0 ? (
            <p className="hint padded">{t('findings.none')}</p>
          ) : (
            <FindingTable findings={findings} />
          )}
        </Panel>
      ) : null}
    </>
  );
}

function FindingTable({ findings }: { findings: readonly Finding[] }) {
  const { t, format } = useSettings();
  return (
    <Table
      caption={t('findings.list')}
      rows={findings}
      rowKey={(one) => `${one.system} ${one.component.purl} ${one.advisory}`}
      columns={[
        {
          id: 'severity',
          head: t('incidents.col.severity'),
          cell: (one) => (
            <span className="severity" data-level={one.severity}>
              <SeverityGlyph level={one.severity} />
              {t(`findings.severity.${one.severity}`)}
              {one.score === null ? null : <span className="figures">{format.number(one.score)}</span>}
            </span>
          ),
        },
        {
          id: 'component',
          head: t('findings.col.component'),
          kind: 'lead',
          cell: (one) => (
            <>
              <span className="mono strong" title={one.component.purl}>
                {one.component.name}@{one.component.version}
              </span>
              <span className="under">
                {t(one.direct ? 'findings.direct' : 'findings.transitive')}
                {one.malicious ? (
                  <span className="mark" data-verdict="fail">
                    {t('findings.malicious')}
                  </span>
                ) : null}
                {one.knownExploited ? (
                  <span className="mark" data-verdict="fail">
                    {t('findings.knownExploited')}
                  </span>
                ) : null}
              </span>
            </>
          ),
        },
        {
          id: 'advisory',
          head: t('findings.col.advisory'),
          kind: 'wide',
          cell: (one) => (
            <details className="proof">
              <summary>
                <span className="mono">
                  {one.aliases.find((alias) => alias.startsWith('CVE-')) ?? one.advisory}
                </span>{' '}
                {one.summary}
              </summary>
              <p className="hint">
                {t('findings.proof')}: <span className="mono">{one.proof.record}</span> ·{' '}
                <span className="mono">{one.proof.range}</span> · {one.proof.comparator} ·{' '}
                <span className="mono">{one.proof.database.slice(0, 12)}</span>
              </p>
              <p className="hint mono">{[one.advisory, ...one.aliases].join(' · ')}</p>
            </details>
          ),
        },
        {
          id: 'fix',
          head: t('findings.col.fix'),
          cell: (one) =>
            one.fixedVersions[0] ? (
              <span className="fix">{t('findings.fix', { version: one.fixedVersions.join(', ') })}</span>
            ) : (
              <span className="hint">{t('findings.noFix')}</span>
            ),
        },
        { id: 'system', head: t('findings.col.system'), kind: 'end', cell: (one) => one.system },
      ]}
    />
  );
}
