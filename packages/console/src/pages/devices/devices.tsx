import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { devicesQuery } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import { Choice } from '../../parts/choice.tsx';
import { deviceKinds, useZones } from '../../parts/device-fields.tsx';
import { useEnrolLink } from '../../parts/enrol-link.tsx';
import { Empty, Loaded, Page } from '../../parts/frame.tsx';
import { useListing } from '../../parts/listing.ts';
import { DrillMark } from '../../parts/marks.tsx';
import { Pager } from '../../parts/pager.tsx';
import { OtMark, Risk, Trust } from '../../parts/risk.tsx';
import { SearchBox } from '../../parts/search-box.tsx';
import { Segments } from '../../parts/segments.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { Applications } from './applications.tsx';
import { Clones } from './clones.tsx';

const orders = [
  'id',
  '-id',
  '-risk',
  'risk',
  '-lastSeen',
  'lastSeen',
  'zone',
  '-zone',
  'kind',
  '-kind',
] as const;
const trusts = ['all', 'quarantined', 'risky', 'never-seen'] as const;

/** The asset register, with what waits for a person and what looks like a copied key. */
export default function Devices() {
  const { t } = useSettings();
  const listing = useListing();
  const [q, zone, kind] = ['q', 'zone', 'kind'].map(listing.of) as [string, string, string];
  const trust = listing.choice('trust', trusts);
  const order = listing.order(orders);
  // Those at risk come by their risk unless somebody chose an order.
  const asked = { q, zone, kind, trust, order: listing.narrowed('order') ? order.value : '' };
  const query = useQuery(devicesQuery(asked, listing.limit, listing.offset));
  const zones = useZones();
  const enrol = useEnrolLink();
  return (
    <Page title={t('devices.title')} actions={enrol}>
      <Clones />
      <Applications />
      <div className="filters">
        <SearchBox label={t('devices.search')} value={q} search={(text) => listing.filter({ q: text })} />
        <Choice
          label={t('devices.col.zone')}
          all={t('devices.zone.all')}
          value={zone}
          choices={[...new Set([...zones, ...(zone === '' ? [] : [zone])])].map(
            (each) => [each, each] as const,
          )}
          choose={(value) => listing.filter({ zone: value })}
        />
        <Choice
          label={t('devices.col.kind')}
          all={t('devices.kind.all')}
          value={kind}
          choices={deviceKinds.map((each) => [each, t(`kind.${each}`)] as const)}
          choose={(value) => listing.filter({ kind: value })}
        />
        <Segments
          label={t('devices.col.trust')}
          value={trust}
          choose={(value) => listing.choose('trust', trusts, value)}
          choices={trusts.map((one) => [one, t(`devices.trust.${one}`)] as const)}
        />
      </div>
      <Loaded query={query}>
        {(page) =>
          page.items.length === 0 ? (
            listing.narrowed('q', 'zone', 'kind', 'trust') ? (
              <Empty title={t('devices.noMatch')} hint={t('devices.noMatchHint')}>
                <button
                  type="button"
                  className="button"
                  onClick={() => listing.filter({ q: '', zone: '', kind: '', trust: '' })}
                >
                  {t('common.showAll')}
                </button>
              </Empty>
            ) : (
              <Empty title={t('devices.empty')} hint={t('devices.emptyHint')}>
                {enrol ?? <p className="hint">{t('common.noPermission')}</p>}
              </Empty>
            )
          ) : (
            <>
              {page.named === undefined ? null : <p className="hint">{t(`named.${page.named}`)}</p>}
              <Table
                caption={t('devices.title')}
                rows={page.items}
                rowKey={(device) => device.id}
                order={trust === 'risky' && asked.order === '' ? { ...order, value: '-risk' } : order}
                mark={(device) => (device.drill ? 'drill' : undefined)}
                columns={[
                  {
                    id: 'id',
                    head: t('devices.col.id'),
                    orders: ['id', '-id'],
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
                  {
                    id: 'kind',
                    head: t('devices.col.kind'),
                    orders: ['kind', '-kind'],
                    cell: (device) => t(`kind.${device.kind}`),
                  },
                  {
                    id: 'zone',
                    orders: ['zone', '-zone'],
                    head: t('devices.col.zone'),
                    cell: (device) => <span className="mono">{device.zone}</span>,
                  },
                  { id: 'trust', head: t('devices.col.trust'), cell: (device) => <Trust device={device} /> },
                  {
                    id: 'risk',
                    head: t('devices.col.risk'),
                    orders: ['-risk', 'risk'],
                    cell: (device) => <Risk value={device.risk} />,
                  },
                  {
                    id: 'seen',
                    orders: ['-lastSeen', 'lastSeen'],
                    head: t('devices.col.seen'),
                    kind: 'end',
                    cell: (device) =>
                      device.lastSeen === undefined ? t('common.unknown') : <When at={device.lastSeen} />,
                  },
                ]}
              />
              <Pager {...listing.pager(page.total)} />
            </>
          )
        }
      </Loaded>
    </Page>
  );
}
