import { useQuery } from '@tanstack/react-query';
import { ArrowLeft } from 'lucide-react';
import { Link } from 'wouter';
import { findingListQuery } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import { Empty, Loaded, Page } from '../../parts/frame.tsx';
import { useListing } from '../../parts/listing.ts';
import { Pager } from '../../parts/pager.tsx';
import { SearchBox } from '../../parts/search-box.tsx';
import { FindingTable } from './finding-table.tsx';

/** The findings of one component or owner, over all systems. */
export default function FindingList() {
  const { t } = useSettings();
  const listing = useListing();
  const { limit, offset } = listing;
  const [component, owner, q] = ['component', 'owner', 'q'].map(listing.of) as [string, string, string];
  const filter = { ...(component ? { component } : {}), ...(owner ? { owner } : {}), ...(q ? { q } : {}) };
  const query = useQuery(findingListQuery(filter, limit, offset));
  const view = component ? 'component' : 'owner';
  return (
    <Page
      title={component || owner || t('findings.list')}
      lead={
        <span className="incident-facts">
          <Link className="back" href={`/findings?view=${view}`}>
            <ArrowLeft aria-hidden="true" />
            {t(`findings.view.${view}`)}
          </Link>
          {query.data ? (
            <span className="figures">{t('findings.count', { n: query.data.total })}</span>
          ) : null}
        </span>
      }
      actions={
        <SearchBox
          label={t('findings.search.list')}
          value={q}
          search={(text) => listing.filter({ q: text })}
        />
      }
    >
      <Loaded query={query}>
        {(page) =>
          page.items.length === 0 ? (
            <Empty title={t('findings.none')} />
          ) : (
            <>
              <FindingTable found={page.items} {...(component ? { without: 'component' as const } : {})} />
              <Pager {...listing.pager(page.total)} />
            </>
          )
        }
      </Loaded>
    </Page>
  );
}
