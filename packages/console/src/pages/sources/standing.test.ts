import type { SourceRate } from '@kydai/contracts';
import { describe, expect, it } from 'vitest';
import { sources } from '../../../dev/data.ts';
import { isSilent, type Source, sortSources } from './standing.ts';

const [ledger] = sources;
const at = (source: string, more: object = {}, rate?: Partial<SourceRate>): Source => ({
  ledger: { ...ledger!, source, refused: 0, ...more },
  rate: rate && { source, observed: 0, expected: null, silent: false, history: [], ...rate },
});

describe('sources', () => {
  it('are silent by what is usual of them, and after a quarter of an hour while nobody knows that', () => {
    expect(isSilent(at('a', { lastSeen: 0 }), 14 * 60_000)).toBe(false);
    expect(isSilent(at('a', { lastSeen: 0 }), 16 * 60_000)).toBe(true);
    expect(isSilent(at('a', { lastSeen: 0 }, { expected: 1, silent: false }), 9e9)).toBe(false);
    expect(isSilent(at('a', { lastSeen: 5 }, { expected: 1, silent: true }), 6)).toBe(true);
    expect(isSilent(at('a', { lastSeen: 0, transport: 'internal' }), 16 * 60_000)).toBe(false);
  });

  it('stand by their names, or by the figure that is asked for', () => {
    const all = [
      at('b', { lastSeen: 2, refused: 1 }, { observed: 9 }),
      at('a', { lastSeen: 1 }, { observed: 1 }),
      at('c', { lastSeen: 3 }),
    ];
    const names = (order: Parameters<typeof sortSources>[1]) =>
      sortSources(all, order)
        .map((source) => source.ledger.source)
        .join('');
    expect(names('name')).toBe('abc');
    expect(names('-rate')).toBe('bac');
    expect(names('lastSeen')).toBe('abc');
    expect(names('-lastSeen')).toBe('cba');
    expect(names('-refused')).toBe('bac');
  });
});
