import { useSearchParams } from 'wouter';
import type { Order } from './table.tsx';

/** What a listing shows, kept in the page's address, so that it can be sent to a colleague and the way back works. */
export interface Listing {
  readonly limit: number;
  readonly offset: number;
  /** A filter by its name; empty where it is not set. */
  of(name: string): string;
  /** A filter that is one of a few; the first of them where it is not set. */
  choice<T extends string>(name: string, choices: readonly T[]): T;
  /** Sets filters, those that are empty go; the listing begins again at its first page. */
  filter(changes: Readonly<Record<string, string>>): void;
  /** Sets a filter that is one of a few; the first of them is what is there without. */
  choose<T extends string>(name: string, choices: readonly T[], value: T): void;
  /** Opens something beside the list, or closes it where `value` is empty; the list stays where it is. */
  open(name: string, value: string): void;
  /** Another view of the page, without what narrowed the one before. */
  view<T extends string>(views: readonly T[], value: T): void;
  /** Whether any of these filters is set. */
  narrowed(...names: string[]): boolean;
  /** By what the table is ordered: one of these, or the first where the address says nothing. */
  order<T extends string>(orders: readonly T[]): Order & { readonly value: T };
  /** For the pager under the listing. */
  pager(total: number): {
    readonly offset: number;
    readonly limit: number;
    readonly total: number;
    readonly go: (offset: number) => void;
  };
}

/** The one mechanism of every list that comes in pages, from the server or from what is here already (see `pageOf`). */
export function useListing(limit = 50): Listing {
  const [search, setSearch] = useSearchParams();
  const change = (changes: Readonly<Record<string, string>>) =>
    setSearch((before) => {
      const next = new URLSearchParams(before);
      for (const [name, value] of Object.entries(changes)) value ? next.set(name, value) : next.delete(name);
      return next;
    });
  const asked = Number(search.get('offset'));
  const offset = Number.isSafeInteger(asked) && asked > 0 ? asked : 0;
  const of = (name: string) => search.get(name) ?? '';
  const filter = (changes: Readonly<Record<string, string>>) => change({ offset: '', ...changes });
  const choice = <T extends string>(name: string, choices: readonly T[]): T =>
    choices.find((one) => one === of(name)) ?? choices[0]!;
  return {
    limit,
    offset,
    of,
    choice,
    filter,
    choose: (name, choices, value) => filter({ [name]: value === choices[0] ? '' : value }),
    open: (name, value) => change({ [name]: value }),
    view: (views, value) => setSearch(value === views[0] ? {} : { view: value }),
    narrowed: (...names) => names.some((name) => of(name) !== ''),
    order: (orders) => ({
      value: choice('order', orders),
      change: (value) => filter({ order: value === orders[0] ? '' : value }),
    }),
    pager: (total) => ({
      offset,
      limit,
      total,
      go: (next) => change({ offset: next === 0 ? '' : String(next) }),
    }),
  };
}

/** The page of a list that is here as a whole. */
export function pageOf<T>(
  { offset, limit }: Pick<Listing, 'offset' | 'limit'>,
  all: readonly T[],
): readonly T[] {
  return all.slice(offset, offset + limit);
}
