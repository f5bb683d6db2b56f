import type { SourceLedger, SourceRate } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'wouter';
import { sourcesQuery } from '../api/queries.ts';
import { useSettings } from '../language/settings.tsx';
import { AccountLine, imbalance, sumAccounts } from '../parts/account.tsx';
import { Copyable, Empty, Loaded, Page, Panel } from '../parts/frame.tsx';
import { useNow } from '../parts/now.ts';
import { Pager } from '../parts/pager.tsx';
import { SearchBox } from '../parts/search-box.tsx';
import { Segments } from '../parts/segments.tsx';
import { Spark } from '../parts/spark.tsx';
import { ApiTokenButton } from './api-token.tsx';
import { SignedHours } from './signed-hours.tsx';

/** A source whose rate is not known yet is called silent after this long without a line, milliseconds. */
export const silentAfter = 15 * 60_000;
const limit = 24;
const shows = ['all', 'silent', 'losing'] as const;

/** Where logs come from, at which rate, and the account of each source. */
export default function Sources() {
  const { t } = useSettings();
  const now = useNow();
  const query = useQuery(sourcesQuery());
  const [search, setSearch] = useSearchParams();
  const q = search.get('q') ?? '';
  const show = shows.find((one) => one === search.get('show')) ?? 'all';
  const offset = Number(search.get('offset') ?? 0) || 0;
  const set = (changes: Record<string, string>) =>
    setSearch((before) => {
      const next = new URLSearchParams(before);
      next.delete('offset');
      for (const [name, value] of Object.entries(changes)) value ? next.set(name, value) : next.delete(name);
      return next;
    });
  return (
    <Page title={t('sources.title')} lead={t('sources.lead')} actions={<ApiTokenButton />}>
      <Loaded query={query}>
        {({ sources, rates = [] }) => {
          if (sources.length === 0)
            return (
              <Empty title={t('sources.empty')} hint={t('sources.emptyHint')}>
                <Copyable text={'logger --server 127.0.0.1 --port 5514 --tcp --rfc5424 "xin chào Kỳ Đài"'} />
              </Empty>
            );
          const rateOf = new Map(rates.map((rate) => [rate.source, rate]));
          const found = sources
            .filter(({ source }) => source.toLowerCase().includes(q.toLowerCase()))
            .filter((source) => {
              if (show === 'silent') return isSilent(source, rateOf.get(source.source), now);
              return show === 'all' || source.refused + source.dropped > 0;
            })
            .sort((a, b) => a.source.localeCompare(b.source));
          return (
            <>
              <Panel title={t('sources.all')}>
                <AccountLine account={sumAccounts(sources)} />
              </Panel>
              <div className="tools">
                <Segments
                  label={t('sources.show')}
                  value={show}
                  choices={shows.map((one) => [one, t(`sources.show.${one}`)] as const)}
                  choose={(next) => set({ show: next === 'all' ? '' : next })}
                />
                <SearchBox label={t('sources.search')} value={q} search={(text) => set({ q: text })} />
              </div>
              {found.length === 0 ? (
                <Empty title={t('sources.noMatch')} hint={t('sources.noMatchHint')} />
              ) : (
                <ul className="ledgers">
                  {found.slice(offset, offset + limit).map((source) => (
                    <li key={source.source}>
                      <Ledger source={source} rate={rateOf.get(source.source)} />
                    </li>
                  ))}
                </ul>
              )}
              {found.length > limit ? (
                <Pager
                  offset={offset}
                  limit={limit}
                  total={found.length}
                  go={(next) =>
                    setSearch((before) => {
                      const place = new URLSearchParams(before);
                      place.set('offset', String(next));
                      return place;
                    })
                  }
                />
              ) : null}
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

/** By what is usual of it, once that is known. */
function isSilent({ lastSeen }: SourceLedger, rate: SourceRate | undefined, now: number): boolean {
  return rate === undefined || rate.expected === null ? now - lastSeen > silentAfter : rate.silent;
}

function Ledger({ source, rate }: { source: SourceLedger; rate: SourceRate | undefined }) {
  const { t, format } = useSettings();
  const now = useNow();
  const silent = isSilent(source, rate, now);
  const reasons = Object.entries(source.reasons)
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1]);
  return (
    <section className="panel ledger" data-silent={silent || undefined}>
      <header className="ledger-head">
        <h2 className="mono">
          <Link href={`/logs?q=${encodeURIComponent(`source:"${source.source}"`)}&range=24h`}>
            {source.source}
          </Link>
        </h2>
        <span className="mark" data-balance={imbalance(source) === 0 ? 'even' : 'off'}>
          {imbalance(source) === 0
            ? t('sources.balanced')
            : t('sources.unbalanced', { n: format.number(imbalance(source)) })}
        </span>
        <p className="hint figures">
          {t(`transport.${source.transport}`)} · {format.bytes(source.bytes)} ·{' '}
          {t('sources.parsed', {
            percent: format.percent(source.kept === 0 ? 0 : source.parsed / source.kept),
          })}{' '}
          ·{' '}
          <time dateTime={new Date(source.lastSeen).toISOString()} title={format.exact(source.lastSeen)}>
            {t(silent ? 'sources.silent' : 'sources.lastSeen', {
              time: format.relative(source.lastSeen, now),
            })}
          </time>
        </p>
      </header>
      {rate === undefined || rate.history.length === 0 ? null : <Rate rate={rate} />}
      <AccountLine account={source} />
      {reasons.length > 0 ? (
        <dl className="reasons figures" aria-label={t('sources.reasons')}>
          {reasons.map(([reason, count]) => (
            <div key={reason}>
              <dt className="mono">{reason}</dt>
              <dd>{format.number(count)}</dd>
            </div>
          ))}
        </dl>
      ) : null}
      <SignedHours source={source.source} />
    </section>
  );
}

function Rate({ rate: { observed, expected, history } }: { rate: SourceRate }) {
  const { t, format } = useSettings();
  const round = (value: number) =>
    format.compact(value < 10 ? Math.round(value * 10) / 10 : Math.round(value));
  return (
    <div className="rate">
      <Spark
        values={history}
        usual={expected}
        label={t('sources.spark', { n: history.length, max: round(Math.max(...history)) })}
      />
      <p className="hint figures">
        {expected === null
          ? t('sources.rateLearning', { now: round(observed) })
          : t('sources.rate', { now: round(observed), usual: round(expected) })}
      </p>
    </div>
  );
}
