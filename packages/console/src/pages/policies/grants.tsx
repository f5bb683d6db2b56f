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

const page = 100;

/** Grants that would flip one way: how many of each action, then one by one. */
export function Grants({ way, grants }: { way: 'loses' | 'gains'; grants: readonly Grant[] }) {
  const { t, format } = useSettings();
  const [action, setAction] = useState('');
  const [limit, setLimit] = useState(page);
  const asked = useAskedColumns((grant: Grant) => grant);
  if (grants.length === 0) return null;
  const actions = [...Map.groupBy(grants, (grant) => grant.action)]
    .map(([name, of]) => [name, of.length] as const)
    .sort((a, b) => b[1] - a[1]);
  const shown = action === '' ? grants : grants.filter((grant) => grant.action === action);
  const by: Column<Grant> = {
    id: 'by',
    head: t('blast.by'),
    kind: 'wide',
    cell: ({ by: policies = [] }) =>
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
        rowKey={(grant) => JSON.stringify(grant)}
        columns={[
          ...asked,
          {
            id: 'resource',
            head: t('decisions.col.resource'),
            kind: way === 'gains' ? 'wide' : 'lead',
            cell: ({ resource }) => <Uid uid={resource} />,
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
