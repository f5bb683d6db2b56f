import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useSearchParams } from 'wouter';
import { ApiError, serverNow } from '../../api/client.ts';
import { fetchEvents, histogramQuery } from '../../api/queries.ts';
import { useMay } from '../../api/session.tsx';
import { useSettings } from '../../language/settings.tsx';
import { Empty, Failure, Page, Skeleton } from '../../parts/frame.tsx';
import { TimeBars } from '../../parts/time-bars.tsx';
import { Fields } from './fields.tsx';
import { useLive } from './live.ts';
import { Progress } from './progress.tsx';
import { QueryBar } from './query-bar.tsx';
import { narrow, readRange, resolveRange, withoutGaps, writeRange } from './range.ts';
import { defaultColumns, isColumns, useRemembered } from './remembered.ts';
import { Results } from './results.tsx';
import { Tools } from './tools.tsx';

/** The log explorer: a query, a span of time, and what happened in it. The address holds all of it. */
export default function Logs() {
  const { t } = useSettings();
  const may = useMay();
  return may('search-logs') ? (
    <Explorer />
  ) : (
    <Page title={t('logs.title')}>
      <Empty title={t('common.noPermission')} />
    </Page>
  );
}

function Explorer() {
  const { t, format } = useSettings();
  const [search, setSearch] = useSearchParams();
  const [run, setRun] = useState(0);
  const [columns, setColumns] = useRemembered('logs.columns', defaultColumns, isColumns);
  const q = search.get('q') ?? '';
  const key = search.toString();
  // A range that looks back is fixed at the moment of asking: paging must not slide over a moving end.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `run` is there to ask again with the same address
  const span = useMemo(() => resolveRange(readRange(new URLSearchParams(key)), serverNow()), [key, run]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each question gets a name of its own
  const track = useMemo(() => crypto.randomUUID(), [q, span]);

  const histogram = useQuery(histogramQuery(q, span.from, span.to, track));
  const events = useInfiniteQuery({
    queryKey: ['events', q, span.from, span.to],
    queryFn: ({ pageParam, signal }) =>
      fetchEvents({ q, ...span, limit: 100, cursor: pageParam, track }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    staleTime: Number.POSITIVE_INFINITY,
  });

  const ask = (query: string) => {
    setRun((before) => before + 1);
    setSearch((before) => {
      const next = new URLSearchParams(before);
      if (query.trim()) next.set('q', query.trim());
      else next.delete('q');
      return next;
    });
  };
  const client = useQueryClient();
  const cancel = () => {
    for (const name of ['events', 'histogram']) void client.cancelQueries({ queryKey: [name] });
  };
  const [live, setLive] = useState(false);
  const coming = useLive(q, live);
  const rows = events.data?.pages.flatMap((page) => page.events) ?? [];
  const badQuery = events.error instanceof ApiError && events.error.status === 400 ? events.error : undefined;
  const total = histogram.data?.buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  const interval = histogram.data?.interval ?? 0;

  const narrowBy = (term: string, exclude: boolean) => ask(narrow(q, term, exclude));
  const toggleColumn = (name: string) =>
    setColumns(columns.includes(name) ? columns.filter((one) => one !== name) : [...columns, name]);

  return (
    <Page title={t('logs.title')} className="logs">
      <QueryBar
        query={q}
        range={readRange(search)}
        span={span}
        problem={badQuery}
        ask={ask}
        choose={(range) => setSearch((before) => writeRange(before, range))}
      />
      <Progress
        track={track}
        busy={!live && (events.fetchStatus === 'fetching' || histogram.fetchStatus === 'fetching')}
        cancel={cancel}
      />
      {histogram.data && histogram.data.buckets.length > 0 && !badQuery ? (
        <section className="panel logs-histogram" aria-label={t('logs.histogram')}>
          <p className="logs-sum figures">
            <strong>{t('logs.events', { n: total ?? 0 })}</strong>
            <span className="hint">
              {t('logs.perBar', { duration: format.duration(interval) })} · {t('logs.brushHint')}
            </span>
          </p>
          <TimeBars
            label={t('logs.histogram')}
            bars={withoutGaps(histogram.data.buckets, interval, span)}
            interval={interval}
            countLabel={t('overview.activityEvents').toLowerCase()}
            brush={(from, to) => setSearch((before) => writeRange(before, { kind: 'fixed', from, to }))}
          />
        </section>
      ) : null}
      <Tools
        columns={columns}
        setColumns={setColumns}
        rows={rows}
        live={live}
        setLive={setLive}
        q={q}
        span={span}
        open={(saved) => setSearch(new URLSearchParams(saved))}
      />
      <div className="logs-frame">
        {badQuery ? null : <Fields q={q} span={span} narrow={narrowBy} />}
        <div className="logs-found">
          {live ? (
            <section aria-label={t('logs.live')} aria-live="off">
              <p className="hint live-note">{coming.behind ? t('logs.liveBehind') : t('logs.liveNote')}</p>
              <Results events={coming.rows} columns={columns} narrow={narrowBy} toggleColumn={toggleColumn} />
            </section>
          ) : null}
          {badQuery || live ? null : events.isPending && events.fetchStatus === 'idle' ? (
            <Empty title={t('logs.cancelled')} hint={t('logs.cancelledHint')} />
          ) : events.isPending ? (
            <Skeleton lines={10} />
          ) : events.error ? (
            <Failure error={events.error} retry={() => void events.refetch()} />
          ) : rows.length === 0 ? (
            <Empty title={t('logs.empty')} hint={t('logs.emptyHint')} />
          ) : (
            <>
              <Results events={rows} columns={columns} narrow={narrowBy} toggleColumn={toggleColumn} />
              <p className="logs-end">
                {events.hasNextPage ? (
                  <NextPage busy={events.isFetchingNextPage} fetch={() => void events.fetchNextPage()} />
                ) : (
                  <span className="hint">{t('logs.end')}</span>
                )}
              </p>
            </>
          )}
        </div>
      </div>
    </Page>
  );
}

/** Asks for the next page when the end of the list comes near; by hand where a browser does not notice. */
function NextPage({ busy, fetch }: { busy: boolean; fetch: () => void }) {
  const { t } = useSettings();
  const button = useRef<HTMLButtonElement>(null);
  const near = useRef(fetch);
  near.current = fetch;
  useEffect(() => {
    if (busy || button.current === null || !('IntersectionObserver' in window)) return undefined;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && near.current(), {
      rootMargin: '600px',
    });
    observer.observe(button.current);
    return () => observer.disconnect();
  }, [busy]);
  return (
    <button ref={button} type="button" className="button" disabled={busy} onClick={fetch}>
      {busy ? t('app.loading') : t('common.more')}
    </button>
  );
}
