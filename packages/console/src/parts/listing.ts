import { useSearchParams } from 'wouter';

/** What a listing shows, kept in the page's address, so that it can be sent to a colleague and the way back works. */
export interface Listing {
  readonly limit: number;
  readonly offset: number;
  /** A filter by its name; empty where it is not set. */
  of(name: string): string;
  /** Sets filters, those that are empty go; the listing begins again at its first page. */
  filter(changes: Readonly<Record<string, string>>): void;
  /** Whether any of these filters is set. */
  narrowed(...names: string[]): boolean;
  /** For the pager under the listing. */
  pager(total: number): {
    readonly offset: number;
    readonly limit: number;
    readonly total: number;
    readonly go: (offset: number) => void;
  };
}

/** The one mechanism of every list that the server gives in pages. */
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
  return {
    limit,
    offset,
    of,
    filter: (changes) => change({ offset: '', ...changes }),
    narrowed: (...names) => names.some((name) => of(name) !== ''),
    pager: (total) => ({
      offset,
      limit,
      total,
      go: (next) => change({ offset: next === 0 ? '' : String(next) }),
    }),
  };
}
