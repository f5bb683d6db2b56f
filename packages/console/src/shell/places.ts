import { type RefObject, useEffect, useRef } from 'react';

/** How far down each page was when it was left, by its address. */
const left = new Map<string, number>();
const mostKept = 200;
/** A page that comes back may still have to be drawn to its old height, ms. */
const patience = 1500;

/**
 * A new page begins at its top, with the keyboard there too; the way back leads to where one was. `path` is that of the
 * page alone: a filter that is set (`search`) changes the list, not the place.
 */
export function usePlaces(
  path: string,
  search: string,
  main: RefObject<HTMLElement | null>,
  onPage: () => void,
): void {
  const before = useRef(path);
  /** Whether the address was changed from here, and not by the browser's own way back or forth. */
  const wentOn = useRef(true);
  /** Ends the search for the last place. */
  const stop = useRef(() => {});
  useEffect(() => {
    history.scrollRestoration = 'manual';
    const onwards = () => {
      wentOn.current = true;
    };
    const onScroll = () => {
      left.delete(location.href);
      left.set(location.href, window.scrollY);
      const [oldest] = left.keys();
      if (left.size > mostKept && oldest !== undefined) left.delete(oldest);
    };
    // The router's own events; a `popstate` may come after the page was drawn.
    window.addEventListener('pushState', onwards, { capture: true });
    window.addEventListener('replaceState', onwards, { capture: true });
    window.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      window.removeEventListener('pushState', onwards, { capture: true });
      window.removeEventListener('replaceState', onwards, { capture: true });
      window.removeEventListener('scroll', onScroll);
    };
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page of the same list has a place of its own
  useEffect(() => {
    const isPage = before.current !== path;
    before.current = path;
    const wanted = wentOn.current ? undefined : left.get(location.href);
    wentOn.current = false;
    if (isPage) {
      onPage();
      main.current?.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
    if (isPage || wanted !== undefined) stop.current();
    if (wanted !== undefined) stop.current = reach(wanted);
  }, [path, search, main, onPage]);
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
