import { ChevronLeft, ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { useSettings } from '../language/settings.tsx';

export interface Column<T> {
  readonly id: string;
  readonly head: string;
  readonly cell: (row: T) => ReactNode;
  /** `figure` is set to the right in tabular figures; `lead` names the card on a phone; `wide` takes what is left. */
  readonly kind?: 'figure' | 'lead' | 'wide' | 'end';
}

/**
 * Rows under headings. On a phone each row becomes a card whose cells carry their heading (`data-label`), by style
 * alone, so that it stays one table for screen readers.
 */
export function Table<T>({
  caption,
  columns,
  rows,
  rowKey,
  mark,
}: {
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  /** A class for a row, such as `drill`. */
  mark?: (row: T) => string | undefined;
}) {
  return (
    <div className="table-frame">
      <table className="table">
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.id} scope="col" className={column.kind}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} className={mark?.(row)}>
              {columns.map((column) => (
                <td key={column.id} className={column.kind} data-label={column.head}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Which part of how many, and the way to the next part. */
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
  return (
    <nav className="pager" aria-label={t('common.range', { from: offset + 1, to: last, total })}>
      <span className="figures">
        {t('common.range', {
          from: format.number(offset + 1),
          to: format.number(last),
          total: format.number(total),
        })}
      </span>
      {total > limit ? (
        <>
          <button
            type="button"
            className="button quiet"
            disabled={offset === 0}
            onClick={() => go(Math.max(0, offset - limit))}
          >
            <ChevronLeft aria-hidden="true" />
            {t('common.previous')}
          </button>
          <button
            type="button"
            className="button quiet"
            disabled={last >= total}
            onClick={() => go(offset + limit)}
          >
            {t('common.next')}
            <ChevronRight aria-hidden="true" />
          </button>
        </>
      ) : null}
    </nav>
  );
}
