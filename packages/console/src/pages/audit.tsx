import type { AuditLeaf, AuditVerdict } from '@kydai/contracts';
import { useMutation, useQuery } from '@tanstack/react-query';
import { ShieldAlert, ShieldCheck } from 'lucide-react';
import { post } from '../api/client.ts';
import { paths } from '../api/paths.ts';
import { auditQuery } from '../api/queries.ts';
import { useSettings } from '../language/settings.tsx';
import { Empty, Failure, Loaded, Page } from '../parts/frame.tsx';
import { useListing } from '../parts/listing.ts';
import { Pager } from '../parts/pager.tsx';
import { Reference } from '../parts/reference.tsx';
import { Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';

const limit = 50;

/** Everything that was done and by whom, and the proof that nothing was changed since. */
export default function Audit() {
  const { t } = useSettings();
  const listing = useListing();
  const given = listing.of('from');
  // Without a place in the address the server answers with the newest entries: what one looks for first.
  const query = useQuery(auditQuery(given === '' ? undefined : Number(given) || 0, limit));
  const verdict = useMutation({ mutationFn: () => post<AuditVerdict>(paths.auditVerify) });
  return (
    <Page
      title={t('audit.title')}
      lead={t('audit.lead')}
      actions={
        <button
          type="button"
          className="button primary"
          disabled={verdict.isPending}
          onClick={() => verdict.mutate()}
        >
          {t(verdict.isPending ? 'audit.verifying' : 'audit.verify')}
        </button>
      }
    >
      <div aria-live="polite">
        {verdict.data ? <Verdict verdict={verdict.data} /> : null}
        {verdict.error ? <Failure error={verdict.error} retry={() => verdict.mutate()} /> : null}
      </div>
      <Loaded query={query}>
        {(page) =>
          page.items.length === 0 ? (
            <Empty title={t('audit.empty')} />
          ) : (
            <>
              <Entries leaves={[...page.items].sort((a, b) => b.index - a.index)} />
              <Pager
                // The newest first: what the log counts upwards, the reader counts back.
                offset={page.total - (page.items[0]?.index ?? 0) - page.items.length}
                limit={limit}
                total={page.total}
                go={(next) =>
                  listing.filter({ from: next === 0 ? '' : String(Math.max(0, page.total - next - limit)) })
                }
              />
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

function Verdict({ verdict }: { verdict: AuditVerdict }) {
  const { t } = useSettings();
  const Icon = verdict.intact ? ShieldCheck : ShieldAlert;
  return (
    <div className={verdict.intact ? 'notice good column' : 'notice bad column'}>
      <p className="inline">
        <Icon aria-hidden="true" />
        <strong>{t(verdict.intact ? 'audit.intact' : 'audit.broken')}</strong>
        <span className="figures">
          {t('audit.verdict', { size: verdict.size, checkpoints: verdict.checkpoints })}
        </span>
      </p>
      <p className="hint">
        {t('audit.root')}: <span className="mono">{verdict.root}</span>
      </p>
      {verdict.faults.map((fault) => (
        <p key={fault} className="mono">
          {fault}
        </p>
      ))}
    </div>
  );
}

function Entries({ leaves }: { leaves: readonly AuditLeaf[] }) {
  const { t, format } = useSettings();
  return (
    <Table
      caption={t('audit.title')}
      rows={leaves}
      rowKey={(leaf) => String(leaf.index)}
      columns={[
        {
          id: 'index',
          head: t('audit.col.index'),
          kind: 'figure',
          cell: (leaf) => format.number(leaf.index),
        },
        {
          id: 'action',
          head: t('audit.col.action'),
          kind: 'lead',
          cell: (leaf) => <span className="mono strong">{leaf.entry.action}</span>,
        },
        { id: 'target', head: t('audit.col.target'), cell: (leaf) => <Reference text={leaf.entry.target} /> },
        { id: 'actor', head: t('audit.col.actor'), cell: (leaf) => <Reference text={leaf.entry.actor} /> },
        { id: 'detail', head: t('common.details'), kind: 'wide', cell: (leaf) => <Detail leaf={leaf} /> },
        {
          id: 'time',
          head: t('common.time'),
          kind: 'end',
          cell: (leaf) => <When at={leaf.entry.at} exact />,
        },
      ]}
    />
  );
}

/** Names of details that hold epoch milliseconds. */
const moments = new Set(['at', 'expires', 'notAfter', 'notBefore', 'due']);

function Detail({ leaf }: { leaf: AuditLeaf }) {
  const { t, format } = useSettings();
  const details = Object.entries(leaf.entry.detail).filter(([, value]) => value !== null && value !== '');
  return (
    <details className="proof">
      <summary>
        {details.map(([name, value]) => (
          <span key={name} className="pair">
            <span className="hint">{name}</span>{' '}
            {typeof value === 'number' && moments.has(name) ? (
              <span className="figures">{format.exact(value)}</span>
            ) : (
              <Reference text={String(value)} />
            )}
          </span>
        ))}
        {details.length === 0 ? '–' : null}
      </summary>
      <p className="hint">
        {t('audit.hash')}: <span className="mono">{leaf.hash}</span>
      </p>
    </details>
  );
}
