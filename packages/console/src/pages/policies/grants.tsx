import type { BlastView } from '@kydai/contracts';
import { useState } from 'react';
import { Link } from 'wouter';
import { useSettings } from '../../language/settings.tsx';
import { Panel } from '../../parts/frame.tsx';
import { Segments } from '../../parts/segments.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Uid } from '../../parts/uid.tsx';
import { useAskedColumns } from './asked.tsx';

type Grant = BlastView['gains'][number] & { readonly by?: readonly string[] };

/** What one may do no more, or now, to many: one line. */
export interface GrantGroup {
  readonly principal: Grant['principal'];
  readonly action: string;
  readonly resources: readonly Grant['resource'][];
  readonly by: readonly string[];
}

/** Grants of one principal, for one action, that the same policies end, together; in the order of the first of each. */
export function groupGrants(grants: readonly Grant[]): readonly GrantGroup[] {
  const groups = Map.groupBy(grants, ({ principal, action, by = [] }) =>
    JSON.stringify([principal.type, principal.id, action, by]),
  );
  return [...groups.values()].map((of) => {
    const { principal, action, by = [] } = of[0]!;
    return { principal, action, by, resources: of.map(({ resource }) => resource) };
  });
}

const page = 100;
const mostShown = 14;

/** Grants that would flip one way: how many of each action, then who may do what to what. */
export function Grants({ way, grants }: { way: 'loses' | 'gains'; grants: readonly Grant[] }) {
  const { t, format } = useSettings();
  const [action, setAction] = useState('');
  const [limit, setLimit] = useState(page);
  const asked = useAskedColumns((group: GrantGroup) => group);
  if (grants.length === 0) return null;
  const actions = [...Map.groupBy(grants, (grant) => grant.action)]
    .map(([name, of]) => [name, of.length] as const)
    .sort((a, b) => b[1] - a[1]);
  const shown = groupGrants(action === '' ? grants : grants.filter((grant) => grant.action === action));
  const by: Column<GrantGroup> = {
    id: 'by',
    head: t('blast.by'),
    cell: ({ by: policies }) =>
      policies.length === 0 ? (
        <span className="hint">{t('decisions.notPermittedHint')}</span>
      ) : (
        policies.map((one) => (
          <Link
            key={one}
            className="policy mono"
            href={`/policies?open=${encodeURIComponent(one)}&q=${encodeURIComponent(one)}`}
          >
            {one}
          </Link>
        ))
      ),
  };
  return (
    <Panel
      title={t(`blast.${way}`, { n: grants.length })}
      aside={
        actions.length < 2 ? null : (
          <Segments
            label={t(`blast.${way}`, { n: grants.length })}
            value={action}
            choose={setAction}
            choices={[
              ['', t('blast.every')],
              ...actions.slice(0, 5).map(([name, n]) => [name, `${name} ${format.number(n)}`] as const),
            ]}
          />
        )
      }
      flush
    >
      <Table
        caption={t(`blast.${way}`, { n: grants.length })}
        rows={shown.slice(0, limit)}
        rowKey={({ principal, action: name, by: policies }) => JSON.stringify([principal, name, policies])}
        columns={[
          ...asked,
          {
            id: 'resources',
            head: t('decisions.col.resource'),
            kind: 'wide',
            cell: ({ resources }) => (
              <span className="entities">
                {resources.slice(0, mostShown).map((one) => (
                  <Uid key={`${one.type} ${one.id}`} uid={one} />
                ))}
                {resources.length > mostShown ? (
                  <span className="hint figures">
                    {t('common.others', { n: format.number(resources.length - mostShown) })}
                  </span>
                ) : null}
              </span>
            ),
          },
          {
            id: 'count',
            head: t('blast.count'),
            kind: 'figure',
            cell: ({ resources }) => format.number(resources.length),
          },
          ...(way === 'loses' ? [by] : []),
        ]}
      />
      {shown.length > limit ? (
        <p className="hint more">
          <button type="button" className="button" onClick={() => setLimit(limit + page)}>
            {t('decisions.more', { n: format.number(shown.length - limit) })}
          </button>
        </p>
      ) : null}
    </Panel>
  );
}
