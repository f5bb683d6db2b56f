import type { FindingGroup, FindingGrouping } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { findingGroupsQuery } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import { Empty, Loaded } from '../../parts/frame.tsx';
import { useListing } from '../../parts/listing.ts';
import { Pager } from '../../parts/pager.tsx';
import { SearchBox } from '../../parts/search-box.tsx';
import { Segments } from '../../parts/segments.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Visible } from '../../parts/visible.tsx';
import { When } from '../../parts/when.tsx';
import {
  advisoryHref,
  Counts,
  Likelihood,
  listHref,
  SeverityWord,
  systemHref,
  Urgent,
  Verdict,
} from './marks.tsx';

const orders = ['worst', 'newest'] as const;

/** Findings by system, component, advisory or owner: a list that stays short however many there are. */
export function Groups({ by }: { by: FindingGrouping }) {
  const { t } = useSettings();
  const listing = useListing();
  const q = listing.of('q');
  const order = listing.choice('order', orders);
  const query = useQuery(findingGroupsQuery(by, q, order, listing.limit, listing.offset));
  const columns = useColumns(by);
  return (
    <>
      <div className="tools finding-tools">
        <SearchBox
          label={t(`findings.search.${by}`)}
          value={q}
          search={(text) => listing.filter({ q: text })}
        />
        <Segments
          label={t('findings.order')}
          value={order}
          choices={orders.map((one) => [one, t(`findings.order.${one}`)] as const)}
          choose={(value) => listing.choose('order', orders, value)}
        />
      </div>
      <Loaded query={query}>
        {(page) =>
          page.items.length === 0 ? (
            <Empty title={t(q ? 'findings.none' : 'findings.noneAtAll')} />
          ) : (
            <>
              <Table
                caption={t(`findings.view.${by}`)}
                rows={page.items}
                rowKey={(group) => group.key}
                columns={columns}
              />
              <Pager {...listing.pager(page.total)} />
            </>
          )
        }
      </Loaded>
    </>
  );
}

function useColumns(by: FindingGrouping): readonly Column<FindingGroup>[] {
  const { t, format } = useSettings();
  const counts: Column<FindingGroup> = {
    id: 'findings',
    head: t('findings.list'),
    cell: ({ severities }) => <Counts severities={severities} />,
  };
  const since: Column<FindingGroup> = {
    id: 'since',
    head: t('findings.col.since'),
    kind: 'end',
    cell: ({ first }) => (first === undefined ? '' : <When at={first} />),
  };
  const systems: Column<FindingGroup> = {
    id: 'systems',
    head: t('findings.col.systems'),
    kind: 'figure',
    cell: (group) => format.number(group.systems),
  };
  const urgent = (group: FindingGroup) => (
    <Urgent knownExploited={group.knownExploited > 0} malicious={group.malicious > 0} />
  );
  const fix: Column<FindingGroup> = {
    id: 'fixable',
    head: t('findings.col.fixable'),
    kind: 'figure',
    cell: (group) =>
      t('findings.ofAll', { n: format.number(group.fixable), all: format.number(group.findings) }),
  };
  switch (by) {
    case 'system':
      return [
        {
          id: 'system',
          head: t('findings.col.system'),
          kind: 'lead',
          cell: (group) => (
            <>
              <Link className="row-link strong" href={systemHref(group.key)}>
                <Visible text={group.name} /> <span className="mono">{group.detail}</span>
              </Link>
              <span className="under">
                {group.key === group.name ? null : <span className="mono">{group.key}</span>}
                {[group.system?.owner, group.system?.zone, group.system?.site].filter(Boolean).join(' · ')}
                {urgent(group)}
              </span>
            </>
          ),
        },
        {
          id: 'verdict',
          head: t('findings.col.verdict'),
          cell: ({ system }) => (system ? <Verdict verdict={system.verdict} /> : null),
        },
        counts,
        {
          id: 'components',
          head: t('findings.col.components'),
          cell: ({ system }) => (
            <>
              <span className="figures">{format.number(system?.components ?? 0)}</span>
              {system && system.notAssessed > 0 ? (
                <span className="under">{t('findings.notAssessed', { n: system.notAssessed })}</span>
              ) : null}
            </>
          ),
        },
        {
          id: 'received',
          head: t('findings.col.received'),
          kind: 'end',
          cell: ({ system }) => (system ? <When at={system.received} /> : null),
        },
      ];
    case 'component':
      return [
        {
          id: 'component',
          head: t('findings.col.component'),
          kind: 'lead',
          cell: (group) => (
            <>
              <Link
                className="row-link mono strong"
                href={listHref({ component: group.key })}
                title={group.key}
              >
                {group.name}@{group.detail}
              </Link>
              <span className="under">{urgent(group)}</span>
            </>
          ),
        },
        counts,
        systems,
        fix,
        since,
      ];
    case 'advisory':
      return [
        {
          id: 'severity',
          head: t('incidents.col.severity'),
          cell: (group) => <SeverityWord level={group.worst} score={group.score} />,
        },
        {
          id: 'advisory',
          head: t('findings.col.advisory'),
          kind: 'lead',
          cell: (group) => (
            <>
              <Link className="row-link mono strong" href={advisoryHref(group.key)}>
                {group.name}
              </Link>
              <span className="under">
                {group.detail}
                {urgent(group)}
              </span>
            </>
          ),
        },
        systems,
        {
          id: 'likely',
          head: t('findings.col.likely'),
          kind: 'figure',
          cell: ({ epss }) => <Likelihood epss={epss} />,
        },
        since,
      ];
    case 'owner':
      return [
        {
          id: 'owner',
          head: t('findings.col.owner'),
          kind: 'lead',
          cell: (group) => (
            <>
              {group.key ? (
                <Link className="row-link strong" href={listHref({ owner: group.key })}>
                  {group.name}
                </Link>
              ) : (
                <span className="hint">{t('findings.noOwner')}</span>
              )}
              <span className="under">{urgent(group)}</span>
            </>
          ),
        },
        counts,
        systems,
        fix,
        since,
      ];
  }
}
