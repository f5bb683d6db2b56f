import { useQuery } from '@tanstack/react-query';
import { sourcesQuery } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import { AccountLine, sumAccounts } from '../../parts/account.tsx';
import { Copyable, Empty, Loaded, Page, Panel } from '../../parts/frame.tsx';
import { pageOf, useListing } from '../../parts/listing.ts';
import { useNow } from '../../parts/now.ts';
import { Pager } from '../../parts/pager.tsx';
import { SearchBox } from '../../parts/search-box.tsx';
import { Segments } from '../../parts/segments.tsx';
import { ApiTokenButton } from './api-token.tsx';
import { Ledger } from './ledger.tsx';
import { SourceTable } from './source-table.tsx';
import { isLosing, isSilent, orders, type Source, sortSources } from './standing.ts';

const shows = ['all', 'silent', 'losing'] as const;

/** Where logs come from, at which rate, and the account of each source. */
export default function Sources() {
  const { t } = useSettings();
  const query = useQuery(sourcesQuery());
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
          return <Body all={sources.map((ledger) => ({ ledger, rate: rateOf.get(ledger.source) }))} />;
        }}
      </Loaded>
    </Page>
  );
}

function Body({ all }: { all: readonly Source[] }) {
  const { t, format } = useSettings();
  const now = useNow();
  const listing = useListing();
  const q = listing.of('q').toLowerCase();
  const show = listing.choice('show', shows);
  const order = listing.order(orders);
  const named = all.filter(({ ledger }) => ledger.source.toLowerCase().includes(q));
  const of = {
    all: named,
    silent: named.filter((source) => isSilent(source, now)),
    losing: named.filter(isLosing),
  };
  const found = sortSources(of[show], order.value);
  const opened = all.find(({ ledger }) => ledger.source === listing.of('source'));
  return (
    <>
      <Panel title={t('sources.all')}>
        <AccountLine account={sumAccounts(all.map(({ ledger }) => ledger))} />
      </Panel>
      <div className="filters">
        <SearchBox
          label={t('sources.search')}
          value={listing.of('q')}
          search={(text) => listing.filter({ q: text })}
        />
        <Segments
          label={t('sources.show')}
          value={show}
          choices={shows.map(
            (one) => [one, `${t(`sources.show.${one}`)} ${format.number(of[one].length)}`] as const,
          )}
          choose={(next) => listing.choose('show', shows, next)}
        />
      </div>
      {found.length === 0 ? (
        <Empty title={t('sources.noMatch')} hint={t('sources.noMatchHint')}>
          <button type="button" className="button" onClick={() => listing.filter({ q: '', show: '' })}>
            {t('common.showAll')}
          </button>
        </Empty>
      ) : (
        <>
          <SourceTable
            sources={pageOf(listing, found)}
            order={order}
            open={(source) => listing.open('source', source)}
          />
          <Pager {...listing.pager(found.length)} />
        </>
      )}
      {opened === undefined ? null : <Ledger source={opened} close={() => listing.open('source', '')} />}
    </>
  );
}
