import { useQuery } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { Link, useSearchParams } from 'wouter';
import { certificatesQuery } from '../api/queries.ts';
import { useMay } from '../api/session.tsx';
import { useSettings } from '../language/settings.tsx';
import { CertificateList } from '../parts/certificate-list.tsx';
import { Empty, Loaded, Page } from '../parts/frame.tsx';
import { SearchBox } from '../parts/search-box.tsx';
import { Segments } from '../parts/segments.tsx';
import { Pager } from '../parts/table.tsx';

const limit = 50;
const statuses = ['all', 'valid', 'expired', 'revoked'] as const;

/** Every certificate that was ever issued. */
export default function Certificates() {
  const { t } = useSettings();
  const may = useMay();
  const [search, setSearch] = useSearchParams();
  const subject = search.get('subject') ?? '';
  const status = statuses.find((one) => one === search.get('status')) ?? 'all';
  const offset = Number(search.get('offset') ?? 0) || 0;
  const query = useQuery(certificatesQuery(subject, status, limit, offset));
  const set = (changes: Record<string, string>) =>
    setSearch((before) => {
      const next = new URLSearchParams(before);
      next.delete('offset');
      for (const [name, value] of Object.entries(changes)) value ? next.set(name, value) : next.delete(name);
      return next;
    });
  const enrol = may('create-enrolment-token') ? (
    <Link className="button primary" href="/enrol">
      <Plus aria-hidden="true" />
      {t('devices.enrol')}
    </Link>
  ) : null;
  return (
    <Page
      title={t('certificates.title')}
      actions={
        <>
          <SearchBox
            label={t('certificates.search')}
            value={subject}
            search={(text) => set({ subject: text })}
          />
          <Segments
            label={t('certificates.col.status')}
            value={status}
            choose={(value) => set({ status: value === 'all' ? '' : value })}
            choices={statuses.map((one) => [one, t(`certificates.status.${one}`)] as const)}
          />
          {enrol}
        </>
      }
    >
      <Loaded query={query}>
        {(page) =>
          page.items.length === 0 ? (
            subject || status !== 'all' ? (
              <Empty title={t('certificates.noMatch')} />
            ) : (
              <Empty title={t('certificates.empty')} hint={t('certificates.emptyHint')}>
                {enrol}
              </Empty>
            )
          ) : (
            <>
              <CertificateList certificates={page.items} withSubject />
              <Pager
                offset={offset}
                limit={limit}
                total={page.total}
                go={(next) => set({ offset: String(next) })}
              />
            </>
          )
        }
      </Loaded>
    </Page>
  );
}
