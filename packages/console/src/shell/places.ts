import { type RefObject, useEffect, useRef } from 'react';

/** How far down each page was when it was left, by its address. */
const left = new Map<string, number>();
const mostKept = 200;
/** A page that comes back may still have to be drawn to its old height, ms. */
const patience = 1500;

/**
 * A new page begins at its top, with the keyboard there too; the way back leads to where one was. `path` is that of the
 * page alone: filters change the list, not the place.
 */
export function usePlaces(path: string, main: RefObject<HTMLElement | null>, onPage: () => void): void {
  const before = useRef(path);
  const wentBack = useRef(false);
  useEffect(() => {
    history.scrollRestoration = 'manual';
    const onPop = () => {
      wentBack.current = true;
    };
    const onScroll = () => {
      left.delete(location.href);
      left.set(location.href, window.scrollY);
      const [oldest] = left.keys();
      if (left.size > mostKept && oldest !== undefined) left.delete(oldest);
    };
    window.addEventListener('popstate', onPop);
    window.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      window.removeEventListener('popstate', onPop);
      window.removeEventListener('scroll', onScroll);
    };
  }, []);
  useEffect(() => {
    if (before.current === path) {
      wentBack.current = false;
      return undefined;
    }
    before.current = path;
    onPage();
    main.current?.focus({ preventScroll: true });
    const wanted = wentBack.current ? (left.get(location.href) ?? 0) : 0;
    wentBack.current = false;
    window.scrollTo(0, 0);
    return wanted === 0 ? undefined : reach(wanted);
  }, [path, main, onPage]);
}

/** Scrolls as soon as the page is long enough, unless somebody scrolls first. */
function reach(wanted: number): () => void {
  const until = performance.now() + patience;
  let frame = requestAnimationFrame(function attempt() {
    const reachable = document.documentElement.scrollHeight - window.innerHeight;
    if (reachable >= wanted || performance.now() > until) window.scrollTo(0, wanted);
    else frame = requestAnimationFrame(attempt);
  });
  const stop = () => cancelAnimationFrame(frame);
  window.addEventListener('wheel', stop, { once: true, passive: true });
  window.addEventListener('touchmove', stop, { once: true, passive: true });
  return stop;
}
