import { ChevronFirst, ChevronLast, ChevronLeft, ChevronRight } from 'lucide-react';
import { useSettings } from '../language/settings.tsx';

/** Which part of how many, and the way to the next part. The keys `[` and `]` press the inner two. */
export function Pager({
  offset,
  limit,
  total,
  go,
}: {
  offset: number;
  limit: number;
  total: number;
  go: (offset: number) => void;
}) {
  const { t, format } = useSettings();
  if (total === 0) return null;
  const last = Math.min(total, offset + limit);
  const end = Math.floor((total - 1) / limit) * limit;
  const range = {
    from: format.number(Math.min(offset + 1, total)),
    to: format.number(last),
    total: format.number(total),
  };
  const ends = total > 3 * limit;
  return (
    <nav className="pager" aria-label={t('common.range', range)}>
      <span className="figures">{t('common.range', range)}</span>
      {total > limit ? (
        <span className="pager-ways">
          {ends ? (
            <button
              type="button"
              className="icon-button"
              disabled={offset === 0}
              onClick={() => go(0)}
              aria-label={t('common.first')}
              title={t('common.first')}
            >
              <ChevronFirst aria-hidden="true" />
            </button>
          ) : null}
          <button
            type="button"
            className="button quiet"
            data-key="["
            disabled={offset === 0}
            onClick={() => go(Math.max(0, offset - limit))}
          >
            <ChevronLeft aria-hidden="true" />
            {t('common.previous')}
          </button>
          <button
            type="button"
            className="button quiet"
            data-key="]"
            disabled={last >= total}
            onClick={() => go(offset + limit)}
          >
            {t('common.next')}
            <ChevronRight aria-hidden="true" />
          </button>
          {ends ? (
            <button
              type="button"
              className="icon-button"
              disabled={last >= total}
              onClick={() => go(end)}
              aria-label={t('common.last')}
              title={t('common.last')}
            >
              <ChevronLast aria-hidden="true" />
            </button>
          ) : null}
        </span>
      ) : null}
    </nav>
  );
}
