import { useQuery } from '@tanstack/react-query';
import { ArrowLeft } from 'lucide-react';
import { Link, useSearchParams } from 'wouter';
import { findingListQuery } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import { Empty, Loaded, Page } from '../../parts/frame.tsx';
import { SearchBox } from '../../parts/search-box.tsx';
import { Pager } from '../../parts/table.tsx';
import { FindingTable } from './finding-table.tsx';

const limit = 50;

/** The findings of one component or owner, over all systems. */
export default function FindingList() {
  const { t } = useSettings();
  const [search, setSearch] = useSearchParams();
  const component = search.get('component') ?? '';
  const owner = search.get('owner');
  const q = search.get('q') ?? '';
  const offset = Number(search.get('offset') ?? 0) || 0;
  const filter = { ...(component ? { component } : {}), ...(owner ? { owner } : {}), ...(q ? { q } : {}) };
  const query = useQuery(findingListQuery(filter, limit, offset));
  const set = (name: string, value: string) =>
    setSearch((before) => {
      const next = new URLSearchParams(before);
      if (name !== 'offset') next.delete('offset');
      value ? next.set(name, value) : next.delete(name);
      return next;
    });
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
      actions={<SearchBox label={t('findings.search.list')} value={q} search={(text) => set('q', text)} />}
    >
      <Loaded query={query}>
        {(page) =>
          page.items.length === 0 ? (
            <Empty title={t('findings.none')} />
          ) : (
            <>
              <FindingTable found={page.items} {...(component ? { without: 'component' as const } : {})} />
              <Pager
                offset={offset}
                limit={limit}
                total={page.total}
                go={(next) => set('offset', String(next))}
              />
            </>
          )
        }
      </Loaded>
    </Page>
  );
}
