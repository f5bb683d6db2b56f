import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { certificatesQuery } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import { CertificateList } from '../../parts/certificate-list.tsx';
import { Choice } from '../../parts/choice.tsx';
import { Empty, Loaded } from '../../parts/frame.tsx';
import type { Listing } from '../../parts/listing.ts';
import { Pager } from '../../parts/pager.tsx';
import { SearchBox } from '../../parts/search-box.tsx';
import { Segments } from '../../parts/segments.tsx';

const statuses = ['all', 'valid', 'ending', 'expired', 'revoked'] as const;
const orders = ['-issued', 'issued', 'notAfter', '-notAfter', 'subject', '-subject', '-revokedAt'] as const;
const profiles = ['device', 'quarantine', 'service', 'staff', 'issuing-ca'] as const;

/** The inventory: search, filters, one page at a time. */
export function Issued({ listing, enrol }: { listing: Listing; enrol: ReactNode }) {
  const { t } = useSettings();
  const status = listing.choice('status', statuses);
  const profile = listing.of('profile');
  const q = listing.of('q');
  const order = listing.order(orders);
  const asked = { q, profile, status, order: listing.narrowed('order') ? order.value : '' };
  const query = useQuery(certificatesQuery(asked, listing.limit, listing.offset));
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
          choose={(value) => listing.choose('status', statuses, value)}
          choices={statuses.map((one) => [one, t(`certificates.status.${one}`)] as const)}
        />
        <Choice
          label={t('certificates.col.profile')}
          all={t('certificates.profile.all')}
          value={profile}
          choose={(value) => listing.filter({ profile: value })}
          choices={profiles.map((one) => [one, t(`certificates.profile.${one}`)] as const)}
        />
      </div>
      <Loaded query={query}>
        {(page) =>
          page.items.length > 0 ? (
            <>
              {page.named === undefined ? null : <p className="hint">{t(`named.${page.named}`)}</p>}
              <CertificateList
                certificates={page.items}
                withSubject
                order={status === 'ending' && asked.order === '' ? { ...order, value: 'notAfter' } : order}
              />
              <Pager {...listing.pager(page.total)} />
            </>
          ) : listing.narrowed('q', 'status', 'profile') ? (
            <Empty title={t(status === 'ending' ? 'certificates.noneEnding' : 'certificates.noMatch')}>
              <button
                type="button"
                className="button"
                onClick={() => listing.filter({ q: '', status: '', profile: '' })}
              >
                {t('common.showAll')}
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
