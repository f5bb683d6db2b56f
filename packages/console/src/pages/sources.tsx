import type { SourceLedger } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { sourcesQuery } from '../api/queries.ts';
import { useSettings } from '../language/settings.tsx';
import { AccountLine, imbalance, sumAccounts } from '../parts/account.tsx';
import { Copyable, Empty, Loaded, Page, Panel } from '../parts/frame.tsx';
import { useNow } from '../parts/now.ts';
import { ApiTokenButton } from './api-token.tsx';

/** A source is called silent after this long without a line, milliseconds. */
export const silentAfter = 15 * 60_000;

/** Where logs come from, and the account of each source. */
export default function Sources() {
  const { t } = useSettings();
  const query = useQuery(sourcesQuery());
  return (
    <Page title={t('sources.title')} lead={t('sources.lead')} actions={<ApiTokenButton />}>
      <Loaded query={query}>
        {({ sources }) =>
          sources.length === 0 ? (
            <Empty title={t('sources.empty')} hint={t('sources.emptyHint')}>
              <Copyable text={'logger --server 127.0.0.1 --port 5514 --tcp --rfc5424 "xin chào Kỳ Đài"'} />
            </Empty>
          ) : (
            <>
              <Panel title={t('sources.all')}>
                <AccountLine account={sumAccounts(sources)} />
              </Panel>
              <ul className="ledgers">
                {[...sources]
                  .sort((a, b) => a.source.localeCompare(b.source))
                  .map((source) => (
                    <li key={source.source}>
                      <Ledger source={source} />
                    </li>
                  ))}
              </ul>
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

function Ledger({ source }: { source: SourceLedger }) {
  const { t, format } = useSettings();
  const now = useNow();
  const silent = now - source.lastSeen > silentAfter;
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
    </section>
  );
}
