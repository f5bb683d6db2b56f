import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { certificatesQuery } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import { CertificateList } from '../../parts/certificate-list.tsx';
import { Empty, Loaded } from '../../parts/frame.tsx';
import type { Listing } from '../../parts/listing.ts';
import { SearchBox } from '../../parts/search-box.tsx';
import { Segments } from '../../parts/segments.tsx';
import { Pager } from '../../parts/table.tsx';

const statuses = ['all', 'valid', 'ending', 'expired', 'revoked'] as const;
const profiles = ['device', 'quarantine', 'service', 'staff', 'issuing-ca'] as const;

/** The inventory: search, filters, one page at a time. */
export function Issued({ listing, enrol }: { listing: Listing; enrol: ReactNode }) {
  const { t } = useSettings();
  const status = statuses.find((one) => one === listing.of('status')) ?? 'all';
  const profile = listing.of('profile');
  const q = listing.of('q');
  const query = useQuery(certificatesQuery({ q, profile, status }, listing.limit, listing.offset));
  return (
    <>
      <div className="filters">
        <SearchBox
          label={t('certificates.search')}
          value={q}
          search={(text) => listing.filter({ q: text })}
        />
        <Segments
          label={t('certificates.col.status')}
          value={status}
          choose={(value) => listing.filter({ status: value === 'all' ? '' : value })}
          choices={statuses.map((one) => [one, t(`certificates.status.${one}`)] as const)}
        />
        <select
          aria-label={t('certificates.col.profile')}
          value={profile}
          onChange={(event) => listing.filter({ profile: event.currentTarget.value })}
        >
          <option value="">{t('certificates.profile.all')}</option>
          {profiles.map((one) => (
            <option key={one} value={one}>
              {t(`certificates.profile.${one}`)}
            </option>
          ))}
        </select>
      </div>
      <Loaded query={query}>
        {(page) =>
          page.items.length > 0 ? (
            <>
              <CertificateList certificates={page.items} withSubject />
              <Pager {...listing.pager(page.total)} />
            </>
          ) : listing.narrowed('q', 'status', 'profile') ? (
            <Empty title={t(status === 'ending' ? 'certificates.noneEnding' : 'certificates.noMatch')}>
              <button
                type="button"
                className="button"
                onClick={() => listing.filter({ q: '', status: '', profile: '' })}
              >
                {t('certificates.showAll')}
              </button>
            </Empty>
          ) : (
            <Empty title={t('certificates.empty')} hint={t('certificates.emptyHint')}>
              {enrol}
            </Empty>
          )
        }
      </Loaded>
    </>
  );
}
