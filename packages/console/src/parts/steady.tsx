import { ArrowUp } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useSettings } from '../language/settings.tsx';

/** From so far down on a reader is at work on what is there, and nothing may move under the pointer, px. */
const readingFrom = 120;

/**
 * A list that grows at its top, held as it is while somebody reads further down: `shown` is what to draw, `fresh` how many
 * came since, `show` takes them in and goes to the top. What changed of a row that is shown, shows at once.
 */
export function useSteady<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  /** What makes it another list: its filters and its page. */
  list: string,
): { readonly shown: readonly T[]; readonly fresh: number; readonly show: () => void } {
  const held = useRef<{ readonly list: string; readonly items: readonly T[] }>(undefined);
  const [, redraw] = useState(0);
  const { shown, fresh } =
    held.current?.list === list && window.scrollY > readingFrom
      ? hold(held.current.items, items, keyOf)
      : { shown: items, fresh: 0 };
  useEffect(() => {
    held.current = { list, items: shown };
  });
  useEffect(() => {
    if (fresh === 0) return undefined;
    const onScroll = () => {
      if (window.scrollY <= readingFrom) redraw((count) => count + 1);
    };
    window.addEventListener('scroll', onScroll, { passive: true });
    return () => window.removeEventListener('scroll', onScroll);
  }, [fresh]);
  const show = () => {
    window.scrollTo({ top: 0 });
    redraw((count) => count + 1);
  };
  return { shown, fresh, show };
}

/** What was there, each as it is now, and how many there are that were not there. */
export function hold<T>(
  before: readonly T[],
  now: readonly T[],
  keyOf: (item: T) => string,
): { readonly shown: readonly T[]; readonly fresh: number } {
  const known = new Set(before.map(keyOf));
  const latest = new Map(now.map((item) => [keyOf(item), item]));
  const fresh = now.filter((item) => !known.has(keyOf(item))).length;
  return fresh === 0
    ? { shown: now, fresh }
    : { shown: before.map((item) => latest.get(keyOf(item)) ?? item), fresh };
}

/** Says how many came in above, and brings them. */
export function FreshPill({ fresh, show }: { fresh: number; show: () => void }) {
  const { t } = useSettings();
  return (
    <div className="fresh" role="status">
      {fresh > 0 ? (
        <button type="button" className="button primary" onClick={show}>
          <ArrowUp aria-hidden="true" />
          {t('common.fresh', { n: fresh })}
        </button>
      ) : null}
    </div>
  );
}
