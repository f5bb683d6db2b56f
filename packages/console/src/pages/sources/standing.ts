import type { SourceLedger, SourceRate } from '@kydai/contracts';

export interface Source {
  readonly ledger: SourceLedger;
  readonly rate: SourceRate | undefined;
}

/** A source whose rate is not known yet is called silent after this long without a line, milliseconds. */
const silentAfter = 15 * 60_000;

/** By what is usual of it, once that is known. The program's own speak when there is something to say. */
export function isSilent({ ledger, rate }: Source, now: number): boolean {
  if (rate !== undefined && rate.expected !== null) return rate.silent;
  return ledger.transport !== 'internal' && now - ledger.lastSeen > silentAfter;
}

export const isLosing = ({ ledger }: Source): boolean => ledger.refused + ledger.dropped > 0;

export const orders = [
  'name',
  '-rate',
  '-lastSeen',
  'lastSeen',
  '-received',
  '-refused',
  '-dropped',
] as const;

/** In the order of their names, which never moves by itself, unless somebody chose another. */
export function sortSources(sources: readonly Source[], order: (typeof orders)[number]): readonly Source[] {
  const byName = sources.toSorted((one, other) => one.ledger.source.localeCompare(other.ledger.source));
  if (order === 'name') return byName;
  const figure = ({ ledger, rate }: Source): number => {
    if (order === '-rate') return rate?.observed ?? 0;
    if (order === 'lastSeen') return -ledger.lastSeen;
    return ledger[order.slice(1) as 'lastSeen' | 'received' | 'refused' | 'dropped'];
  };
  return byName.toSorted((one, other) => figure(other) - figure(one));
}
