import type { DecisionView } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { Pause, Play } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { decisionsQuery } from '../api/queries.ts';
import { reasonOf } from '../language/phrases.ts';
import { useSettings } from '../language/settings.tsx';
import { Copyable, Empty, Loaded, Page } from '../parts/frame.tsx';
import { useListing } from '../parts/listing.ts';
import { SearchBox } from '../parts/search-box.tsx';
import { Segments } from '../parts/segments.tsx';
import { Table } from '../parts/table.tsx';
import { Uid, uidOf } from '../parts/uid.tsx';
import { When } from '../parts/when.tsx';
import { useAskedColumns } from './policies/asked.tsx';
import { Explanation } from './policies/explanation.tsx';

/** A question to try, at this server. */
const question = (
  origin: string,
): string => `curl -s -H 'content-type: application/json' -H "authorization: Bearer $TOKEN" \\
  -d '{"subject":{"type":"Device","id":"cam-001"},"action":{"name":"publish"},"resource":{"type":"Dataset","id":"readings"}}' \\
  ${origin}/access/v1/evaluation`;

const shows = ['all', 'denied', 'permitted', 'forbidden', 'not-permitted', 'stale'] as const;
type Show = (typeof shows)[number];
/** What the console and the collectors were allowed to do is not in the list. */
const unlistedEvents = 'dataset:kydai.decision event.type:allowed event.provider:(console or collect)';
const most = 1000;
const page = 200;

/** The last decisions as they are made, and the policies that made them. */
export default function Decisions() {
  const { t, format } = useSettings();
  const listing = useListing();
  const show = shows.find((one) => one === listing.of('show')) ?? 'all';
  const q = listing.of('q');
  const query = useQuery(decisionsQuery(most));
  /** What was there when somebody wanted to read in peace. */
  const [held, setHeld] = useState<readonly DecisionView[]>();
  const [asked, setAsked] = useState<DecisionView>();
  const [limit, setLimit] = useState(page);
  return (
    <Page
      title={t('decisions.title')}
      lead={t('decisions.lead')}
      actions={
        <button
          type="button"
          className="button"
          aria-pressed={held !== undefined}
          onClick={() => setHeld(held === undefined ? (query.data?.items ?? []) : undefined)}
        >
          {held === undefined ? <Pause aria-hidden="true" /> : <Play aria-hidden="true" />}
          {t(held === undefined ? 'decisions.pause' : 'decisions.resume')}
        </button>
      }
    >
      <Loaded query={query}>
        {({ items: live, unlisted }) => {
          const items = held ?? live;
          const counts = countOutcomes(items);
          const rows = foldRepeats(items.filter((one) => isShown(one, show) && mentions(one, q)));
          return (
            <>
              <div className="tools">
                <SearchBox
                  label={t('decisions.search')}
                  value={q}
                  search={(text) => listing.filter({ q: text })}
                />
                <Segments
                  label={t('decisions.col.outcome')}
                  value={show}
                  choose={(value) => listing.filter({ show: value === 'all' ? '' : value })}
                  choices={shows.map((one) => [
                    one,
                    one === 'all'
                      ? t('decisions.filter.all')
                      : `${t(one === 'permitted' ? 'decisions.allowed' : one === 'denied' ? 'decisions.filter.denied' : `decisions.${one}`)} ${format.number(counts[one])}`,
                  ])}
                />
              </div>
              {unlisted === 0 ? null : (
                <details className="folded hint">
                  <summary>{t('decisions.unlisted', { n: unlisted })}</summary>
                  <p>
                    {t('decisions.unlistedWhy')}{' '}
                    <Link href={`/logs?q=${encodeURIComponent(unlistedEvents)}&range=24h`}>
                      {t('decisions.unlistedSee')}
                    </Link>
                  </p>
                </details>
              )}
              {items.length === 0 ? (
                <Empty title={t('decisions.empty')} hint={t('decisions.emptyHint')}>
                  <Copyable text={question(window.location.origin)} />
                </Empty>
              ) : rows.length === 0 ? (
                <Empty title={t('decisions.none')} hint={t('decisions.noneHint')}>
                  <button
                    type="button"
                    className="button"
                    onClick={() => listing.filter({ q: '', show: '' })}
                  >
                    {t('common.showAll')}
                  </button>
                </Empty>
              ) : (
                <>
                  <DecisionTable rows={rows.slice(0, limit)} explain={setAsked} />
                  {rows.length > limit ? (
                    <p>
                      <button type="button" className="button" onClick={() => setLimit(limit + page)}>
                        {t('decisions.more', { n: format.number(rows.length - limit) })}
                      </button>
                    </p>
                  ) : null}
                </>
              )}
            </>
          );
        }}
      </Loaded>
      {asked === undefined ? null : <Explanation decision={asked} close={() => setAsked(undefined)} />}
    </Page>
  );
}

function isShown({ allowed, outcome }: DecisionView, show: Show): boolean {
  if (show === 'all') return true;
  return show === 'denied' ? !allowed : outcome === show;
}

function mentions({ principal, action, resource, determining }: DecisionView, q: string): boolean {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const text = [principal, action, resource, ...determining.map(({ id }) => id)].join('\n').toLowerCase();
  return words.every((word) => text.includes(word));
}

function countOutcomes(items: readonly DecisionView[]): Record<Exclude<Show, 'all'>, number> {
  const counts = { denied: 0, permitted: 0, forbidden: 0, 'not-permitted': 0, stale: 0 };
  for (const { allowed, outcome } of items) {
    counts[outcome] += 1;
    if (!allowed) counts.denied += 1;
  }
  return counts;
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

function DecisionTable({
  rows,
  explain,
}: {
  rows: readonly Row[];
  explain: (decision: DecisionView) => void;
}) {
  const { t, format, language } = useSettings();
  const asked = useAskedColumns(({ principal, action }: Row) => ({ principal: uidOf(principal), action }));
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
        ...asked,
        {
          id: 'resource',
          head: t('decisions.col.resource'),
          cell: (one) => <Uid uid={uidOf(one.resource)} />,
        },
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
        { id: 'time', head: t('common.time'), cell: (one) => <When at={one.at} /> },
        {
          id: 'why',
          head: t('explain.title'),
          kind: 'end',
          cell: (one) => (
            <button type="button" className="link" onClick={() => explain(one)}>
              {t('decisions.explain')}
            </button>
          ),
        },
      ]}
    />
  );
}

const hints = {
  forbidden: 'decisions.forbiddenHint',
  'not-permitted': 'decisions.notPermittedHint',
  stale: 'decisions.staleHint',
} as const;
