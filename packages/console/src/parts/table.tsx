import { ArrowDown, ArrowUp, ChevronsUpDown } from 'lucide-react';
import type { ReactNode } from 'react';
import { useSettings } from '../language/settings.tsx';

export interface Column<T> {
  readonly id: string;
  readonly head: string;
  readonly cell: (row: T) => ReactNode;
  /** `figure` is set to the right in tabular figures; `lead` names the card on a phone; `wide` takes what is left. */
  readonly kind?: 'figure' | 'lead' | 'wide' | 'end';
  /** The orders that a press on the heading goes through, as the address names them: `-risk` falls, `risk` rises. */
  readonly orders?: readonly string[];
}

/** By what a listing is ordered; empty for the order in which the server gives it by itself. */
export interface Order {
  readonly value: string;
  readonly change: (order: string) => void;
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
  order,
}: {
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  /** A class for a row, such as `drill`. */
  mark?: (row: T) => string | undefined;
  /** With it the headings of columns that have `orders` are buttons. */
  order?: Order;
}) {
  return (
    <div className="table-frame">
      {order === undefined ? null : <PhoneOrder columns={columns} order={order} />}
      <table className="table">
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.id} column={column} order={order} />
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

/** On a phone there are no headings to press. */
function PhoneOrder<T>({ columns, order }: { columns: readonly Column<T>[]; order: Order }) {
  const { t } = useSettings();
  const choices = columns.flatMap(({ head, orders = [] }) =>
    orders.map((one) => [one, `${head} ${one.startsWith('-') ? '↓' : '↑'}`] as const),
  );
  const isNamed = choices.some(([one]) => one === order.value);
  return (
    <label className="phone-order">
      <span>{t('common.sort')}</span>
      <select value={order.value} onChange={(event) => order.change(event.currentTarget.value)}>
        {isNamed ? null : <option value={order.value}>{t('common.asGiven')}</option>}
        {choices.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

function Head<T>({
  column: { head, kind, orders = [] },
  order,
}: {
  column: Column<T>;
  order: Order | undefined;
}) {
  const { t } = useSettings();
  if (order === undefined || orders.length === 0) {
    return (
      <th scope="col" className={kind}>
        {head}
      </th>
    );
  }
  const at = orders.indexOf(order.value);
  const falls = order.value.startsWith('-');
  const Arrow = at < 0 ? ChevronsUpDown : falls ? ArrowDown : ArrowUp;
  return (
    <th scope="col" className={kind} aria-sort={at < 0 ? undefined : falls ? 'descending' : 'ascending'}>
      <button type="button" title={t('common.order')} onClick={() => order.change(orders[at + 1] ?? '')}>
        {head}
        <Arrow aria-hidden="true" />
      </button>
    </th>
  );
}
