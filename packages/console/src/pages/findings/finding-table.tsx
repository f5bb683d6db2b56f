import type { FoundPage, FoundView } from '@kydai/contracts';
import { Link } from 'wouter';
import { useSettings } from '../../language/settings.tsx';
import type { Listing } from '../../parts/listing.ts';
import { Pager } from '../../parts/pager.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Visible } from '../../parts/visible.tsx';
import { When } from '../../parts/when.tsx';
import { advisoryHref, Likelihood, listHref, SeverityWord, systemHref, Urgent } from './marks.tsx';

/** Findings with their proof. What the page is about already is left out of the columns. */
export function FindingTable({
  found,
  without,
}: {
  found: readonly FoundView[];
  without?: 'system' | 'component' | 'advisory';
}) {
  const { t } = useSettings();
  const columns: readonly Column<FoundView>[] = [
    {
      id: 'severity',
      head: t('incidents.col.severity'),
      cell: ({ finding }) => <SeverityWord level={finding.severity} score={finding.score} />,
    },
    {
      id: 'system',
      head: t('findings.col.system'),
      cell: ({ system }) => (
        <>
          <Link className="row-link" href={systemHref(system.id)}>
            <Visible text={system.name} /> <span className="mono">{system.version}</span>
          </Link>
          <span className="under">
            {[system.owner, system.zone, system.site].filter(Boolean).join(' · ')}
          </span>
        </>
      ),
    },
    {
      id: 'component',
      head: t('findings.col.component'),
      kind: 'lead',
      cell: ({ finding }) => (
        <>
          <Link
            className="mono strong"
            href={listHref({ component: finding.component.purl })}
            title={finding.component.purl}
          >
            <Visible text={`${finding.component.name}@${finding.component.version}`} />
          </Link>
          <span className="under">
            {t(finding.direct ? 'findings.direct' : 'findings.transitive')}
            <Urgent {...finding} />
          </span>
        </>
      ),
    },
    {
      id: 'advisory',
      head: t('findings.col.advisory'),
      kind: 'wide',
      cell: ({ finding }) => (
        <>
          <Link className="mono" href={advisoryHref(finding.advisory)}>
            {finding.aliases.find((alias) => alias.startsWith('CVE-')) ?? finding.advisory}
          </Link>{' '}
          <Likelihood epss={finding.epss} />
          <details className="proof">
            <summary>{finding.summary || t('findings.proof')}</summary>
            <p className="hint">
              {t('findings.proof')}: <span className="mono">{finding.proof.record}</span> ·{' '}
              <span className="mono">{finding.proof.range}</span> · {finding.proof.comparator} ·{' '}
              <span className="mono">{finding.proof.database.slice(0, 12)}</span>
            </p>
            <p className="hint mono">{[finding.advisory, ...finding.aliases].join(' · ')}</p>
          </details>
        </>
      ),
    },
    {
      id: 'fix',
      head: t('findings.col.fix'),
      cell: ({ finding }) =>
        finding.fixedVersions[0] ? (
          <span className="fix">{t('findings.fix', { version: finding.fixedVersions[0] })}</span>
        ) : (
          <span className="hint">{t('findings.noFix')}</span>
        ),
    },
    {
      id: 'since',
      head: t('findings.col.since'),
      kind: 'end',
      cell: ({ finding }) => (finding.found === undefined ? '' : <When at={finding.found} />),
    },
  ];
  return (
    <Table
      caption={t('findings.list')}
      rows={found}
      rowKey={({ finding }) => `${finding.system} ${finding.component.purl} ${finding.advisory}`}
      columns={columns.filter((column) => column.id !== without)}
    />
  );
}

/** One page of them, with the way to the others. */
export function PagedFindings({
  page,
  listing,
  without,
}: {
  page: FoundPage;
  listing: Listing;
  without: 'system' | 'advisory';
}) {
  return (
    <>
      <FindingTable found={page.items} without={without} />
      {page.total > listing.limit ? (
        <div className="padded">
          <Pager {...listing.pager(page.total)} />
        </div>
      ) : null}
    </>
  );
}
