import { useQuery } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { Link, useSearchParams } from 'wouter';
import { devicesQuery } from '../api/queries.ts';
import { useMay } from '../api/session.tsx';
import { useSettings } from '../language/settings.tsx';
import { Empty, Loaded, Page } from '../parts/frame.tsx';
import { DrillMark } from '../parts/marks.tsx';
import { OtMark, Risk, Trust } from '../parts/risk.tsx';
import { SearchBox } from '../parts/search-box.tsx';
import { Pager, Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';

const limit = 50;

/** The asset register. */
export default function Devices() {
  const { t } = useSettings();
  const may = useMay();
  const [search, setSearch] = useSearchParams();
  const q = search.get('q') ?? '';
  const zone = search.get('zone') ?? '';
  const offset = Number(search.get('offset') ?? 0) || 0;
  const query = useQuery(devicesQuery(q, zone, limit, offset));
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
      title={t('devices.title')}
      actions={
        <>
          <SearchBox label={t('devices.search')} value={q} search={(text) => set({ q: text })} />
          <SearchBox label={t('devices.zone')} value={zone} search={(text) => set({ zone: text })} />
          {enrol}
        </>
      }
    >
      <Loaded query={query}>
        {(page) =>
          page.items.length === 0 ? (
            q || zone ? (
              <Empty title={t('devices.noMatch')} hint={t('devices.noMatchHint')} />
            ) : (
              <Empty title={t('devices.empty')} hint={t('devices.emptyHint')}>
                {enrol ?? <p className="hint">{t('common.noPermission')}</p>}
              </Empty>
            )
          ) : (
            <>
              <Table
                caption={t('devices.title')}
                rows={page.items}
                rowKey={(device) => device.id}
                mark={(device) => (device.drill ? 'drill' : undefined)}
                columns={[
                  {
                    id: 'id',
                    head: t('devices.col.id'),
                    kind: 'lead',
                    cell: (device) => (
                      <span className="inline">
                        <Link
                          className="row-link mono strong"
                          href={`/devices/${encodeURIComponent(device.id)}`}
                        >
                          {device.id}
                        </Link>
                        {device.operationalTechnology ? <OtMark /> : null}
                        {device.drill ? <DrillMark /> : null}
                      </span>
                    ),
                  },
                  { id: 'kind', head: t('devices.col.kind'), cell: (device) => t(`kind.${device.kind}`) },
                  {
                    id: 'zone',
                    head: t('devices.col.zone'),
                    cell: (device) => <span className="mono">{device.zone}</span>,
                  },
                  { id: 'trust', head: t('devices.col.trust'), cell: (device) => <Trust device={device} /> },
                  { id: 'risk', head: t('devices.col.risk'), cell: (device) => <Risk value={device.risk} /> },
                  {
                    id: 'seen',
                    head: t('devices.col.seen'),
                    kind: 'end',
                    cell: (device) =>
                      device.lastSeen === undefined ? t('common.unknown') : <When at={device.lastSeen} />,
                  },
                ]}
              />
              <Pager
                offset={offset}
                limit={limit}
                total={page.total}
                go={(next) =>
                  setSearch((before) => {
                    const search = new URLSearchParams(before);
                    search.set('offset', String(next));
                    return search;
                  })
                }
              />
            </>
          )
        }
      </Loaded>
    </Page>
  );
}
