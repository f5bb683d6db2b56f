import type { DecisionView } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';
import { decisionsQuery } from '../api/queries.ts';
import { reasonOf } from '../language/phrases.ts';
import { useSettings } from '../language/settings.tsx';
import { Copyable, Empty, Loaded, Page } from '../parts/frame.tsx';
import { Segments } from '../parts/segments.tsx';
import { Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';

/** A question to try, at this server. */
const question = (
  origin: string,
): string => `curl -s -H 'content-type: application/json' -H "authorization: Bearer $TOKEN" \\
  -d '{"subject":{"type":"Device","id":"cam-001"},"action":{"name":"publish"},"resource":{"type":"Dataset","id":"readings"}}' \\
  ${origin}/access/v1/evaluation`;

/** The last decisions and the policies that made them. */
export default function Decisions() {
  const { t } = useSettings();
  const [search, setSearch] = useSearchParams();
  const denied = search.get('show') === 'denied';
  const query = useQuery(decisionsQuery(200));
  return (
    <Page
      title={t('decisions.title')}
      lead={t('decisions.lead')}
      actions={
        <Segments
          label={t('decisions.col.outcome')}
          value={denied ? 'denied' : 'all'}
          choose={(value) => setSearch(value === 'denied' ? { show: 'denied' } : {})}
          choices={[
            ['all', t('decisions.filter.all')],
            ['denied', t('decisions.filter.denied')],
          ]}
        />
      }
    >
      <Loaded query={query}>
        {({ items }) => {
          const rows = foldRepeats(items.filter((one) => !denied || !one.allowed));
          return rows.length === 0 ? (
            <Empty title={t('decisions.empty')} hint={t('decisions.emptyHint')}>
              <Copyable text={question(window.location.origin)} />
            </Empty>
          ) : (
            <DecisionTable rows={rows} />
          );
        }}
      </Loaded>
    </Page>
  );
}

interface Row extends DecisionView {
  readonly index: number;
  /** How many times it was decided so in a row; `at` is the last time. */
  readonly times: number;
}

/** Decisions that repeat one after the other as one row: a sensor that reports each second is one line, not a page. */
export function foldRepeats(items: readonly DecisionView[]): readonly Row[] {
  const rows: Row[] = [];
  for (const [index, one] of items.entries()) {
    const before = rows.at(-1);
    if (before !== undefined && sameDecision(before, one)) {
      rows[rows.length - 1] = { ...before, times: before.times + 1 };
    } else rows.push({ ...one, index, times: 1 });
  }
  return rows;
}

function sameDecision(a: DecisionView, b: DecisionView): boolean {
  const said = ({ principal, action, resource, outcome, determining }: DecisionView): string =>
    [principal, action, resource, outcome, ...determining.map(({ id }) => id)].join('\n');
  return said(a) === said(b);
}

function DecisionTable({ rows }: { rows: readonly Row[] }) {
  const { t, format, language } = useSettings();
  return (
    <Table
      caption={t('decisions.title')}
      rows={rows}
      rowKey={(one) => `${one.at} ${one.principal} ${one.action} ${one.index}`}
      columns={[
        {
          id: 'outcome',
          head: t('decisions.col.outcome'),
          cell: (one) => (
            <span
              className="mark"
              data-decision={one.outcome}
              title={one.outcome === 'permitted' ? undefined : t(hints[one.outcome])}
            >
              {t(one.outcome === 'permitted' ? 'decisions.allowed' : `decisions.${one.outcome}`)}
              {one.times > 1 ? ` ×${format.number(one.times)}` : ''}
            </span>
          ),
        },
        {
          id: 'who',
          head: t('decisions.col.who'),
          kind: 'lead',
          cell: (one) => <Uid text={one.principal} />,
        },
        {
          id: 'action',
          head: t('decisions.col.action'),
          cell: (one) => <span className="mono">{one.action}</span>,
        },
        { id: 'resource', head: t('decisions.col.resource'), cell: (one) => <Uid text={one.resource} /> },
        {
          id: 'policies',
          head: t('decisions.col.policies'),
          kind: 'wide',
          cell: (one) =>
            one.determining.length === 0 ? (
              <span className="hint">{t('decisions.notPermittedHint')}</span>
            ) : (
              one.determining.map((policy) => (
                <span key={policy.id} className="policy">
                  <span className="mono">{policy.id}</span> {reasonOf(policy, language)}
                </span>
              ))
            ),
        },
        { id: 'time', head: t('common.time'), kind: 'end', cell: (one) => <When at={one.at} /> },
      ]}
    />
  );
}

const hints = {
  forbidden: 'decisions.forbiddenHint',
  'not-permitted': 'decisions.notPermittedHint',
  stale: 'decisions.staleHint',
} as const;

/** `Device::cam-001` with its type set apart. */
function Uid({ text }: { text: string }) {
  const at = text.indexOf('::');
  const type = at < 0 ? '' : text.slice(0, at);
  return (
    <span className="entity">
      {type ? <span className="entity-type">{type}</span> : null}
      <span className="mono">{(at < 0 ? text : text.slice(at + 2)).replace(/^"|"$/g, '')}</span>
    </span>
  );
}
