import { useSettings } from '../../language/settings.tsx';
import { imbalance } from '../../parts/account.tsx';
import { useNow } from '../../parts/now.ts';
import { type Column, type Order, Table } from '../../parts/table.tsx';
import { Visible } from '../../parts/visible.tsx';
import { Rate } from './rate.tsx';
import { isSilent, type Source } from './standing.ts';

/** One line for each source: whether it speaks as it usually does, and where its lines went. */
export function SourceTable({
  sources,
  order,
  open,
}: {
  sources: readonly Source[];
  order: Order;
  open: (source: string) => void;
}) {
  const { t, format } = useSettings();
  const now = useNow();
  const count = (part: 'received' | 'kept' | 'refused' | 'dropped'): Column<Source> => ({
    id: part,
    head: t(`sources.${part}`),
    kind: 'figure',
    ...(part === 'kept' ? {} : { orders: [`-${part}`] }),
    cell: ({ ledger }) => (
      <span
        className="toned"
        data-tone={
          ledger[part] === 0
            ? undefined
            : part === 'refused'
              ? 'warn'
              : part === 'dropped'
                ? 'bad'
                : undefined
        }
        title={format.number(ledger[part])}
      >
        {format.compact(ledger[part])}
      </span>
    ),
  });
  return (
    <Table
      caption={t('sources.title')}
      rows={sources}
      rowKey={({ ledger }) => ledger.source}
      order={order}
      mark={(source) => (isSilent(source, now) ? 'silent' : undefined)}
      columns={[
        {
          id: 'source',
          head: t('sources.name'),
          kind: 'lead',
          orders: ['name'],
          cell: ({ ledger }) => (
            <>
              <button
                type="button"
                className="row-link mono strong"
                onClick={() => open(ledger.source)}
                aria-haspopup="dialog"
              >
                <Visible text={ledger.source} />
              </button>
              <span className="under">
                {t(`transport.${ledger.transport}`)}
                {imbalance(ledger) === 0 ? null : (
                  <span className="mark" data-balance="off">
                    {t('sources.unbalanced', { n: format.number(imbalance(ledger)) })}
                  </span>
                )}
              </span>
            </>
          ),
        },
        {
          id: 'rate',
          head: t('sources.rateTitle'),
          kind: 'wide',
          orders: ['-rate'],
          cell: ({ rate }) => (rate === undefined ? null : <Rate rate={rate} />),
        },
        {
          id: 'seen',
          head: t('sources.lastLine'),
          orders: ['-lastSeen', 'lastSeen'],
          cell: (source) => (
            <time
              className={isSilent(source, now) ? 'held' : 'when'}
              dateTime={new Date(source.ledger.lastSeen).toISOString()}
              title={format.exact(source.ledger.lastSeen)}
            >
              {isSilent(source, now)
                ? t('sources.silent', { time: format.relative(source.ledger.lastSeen, now) })
                : format.relative(source.ledger.lastSeen, now)}
            </time>
          ),
        },
        count('received'),
        count('kept'),
        count('refused'),
        count('dropped'),
        {
          id: 'parsed',
          head: t('sources.parsedTitle'),
          kind: 'end',
          cell: ({ ledger: { kept, parsed } }) => (
            <span className="figures">{kept === 0 ? '–' : format.percent(parsed / kept)}</span>
          ),
        },
      ]}
    />
  );
}
