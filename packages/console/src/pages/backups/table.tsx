import type { BackupsView } from '@kydai/contracts';
import { useState } from 'react';
import { useSettings } from '../../language/settings.tsx';
import { Pager } from '../../parts/pager.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';

type Item = BackupsView['items'][number];

const limit = 10;

/** Every backup that was made or proven here, with what its restore was found to hold. */
export function BackupTable({ items }: { items: readonly Item[] }) {
  const { t, format } = useSettings();
  const [offset, setOffset] = useState(0);
  return (
    <>
      <Table
        caption={t('backups.title')}
        rows={items.slice(offset, offset + limit)}
        rowKey={({ id }) => id}
        columns={[
          {
            id: 'made',
            head: t('backups.col.made'),
            kind: 'lead',
            cell: ({ made }) => (
              <strong>
                <When at={made} exact />
              </strong>
            ),
          },
          { id: 'state', head: t('backups.col.state'), cell: (item) => <State item={item} /> },
          { id: 'holds', head: t('backups.col.holds'), kind: 'wide', cell: (item) => <Holds item={item} /> },
          {
            id: 'file',
            head: t('backups.col.file'),
            cell: ({ file, place }) => (
              <>
                <span className="mono backup-file">{file}</span>
                <small className="hint toned" data-tone={place === 'beside' ? 'warn' : undefined}>
                  {t(`backups.place.${place}`)}
                </small>
              </>
            ),
          },
          {
            id: 'bytes',
            head: t('backups.col.bytes'),
            kind: 'figure',
            cell: ({ bytes }) => format.bytes(bytes),
          },
        ]}
      />
      {items.length > limit ? (
        <Pager offset={offset} limit={limit} total={items.length} go={setOffset} />
      ) : null}
    </>
  );
}

function State({ item }: { item: Item }) {
  const { t } = useSettings();
  const state = item.failed !== null ? 'failed' : item.proven !== null ? 'proven' : 'unproven';
  const at = item.failed?.at ?? item.proven?.at;
  return (
    <span className="inline">
      <span className="mark" data-backup={state}>
        {t(`backups.state.${state}`)}
      </span>
      {at === undefined ? null : <When at={at} />}
    </span>
  );
}

function Holds({ item: { proven, failed } }: { item: Item }) {
  const { t, format } = useSettings();
  if (failed !== null) return <span className="mono">{failed.why}</span>;
  if (proven === null) return <span className="hint">{t('backups.notOpened')}</span>;
  const { entries, events, keys } = proven;
  return (
    <span className="figures">
      {t('backups.holds', { entries: format.number(entries), events: format.number(events) })}
      {' · '}
      {keys === null ? t('backups.keysNotTried') : t('backups.keys', { n: keys })}
    </span>
  );
}
