import { useEffect } from 'react';
import { useLocation } from 'wouter';

/** Pages by the letter after `g`. */
export const jumps: Readonly<Record<string, string>> = {
  o: '/',
  i: '/incidents',
  a: '/detections',
  r: '/rules',
  l: '/logs',
  h: '/hunts',
  d: '/devices',
  c: '/certificates',
  p: '/policies',
  v: '/findings',
  s: '/sources',
  q: '/decisions',
  u: '/audit',
  b: '/backups',
};
const patience = 1200;

/** What a press asks for. Pure, so that it can be read and tested as a table. `before` is the key pressed just before. */
export type Asked =
  | { readonly act: 'row'; readonly step: 1 | -1 }
  | { readonly act: 'search' | 'help' | 'palette' }
  | { readonly act: 'press'; readonly key: string }
  | { readonly act: 'go'; readonly href: string };

export function askedBy(key: string, before: string): Asked | undefined {
  if (before === 'g') {
    const href = Object.hasOwn(jumps, key) ? jumps[key] : undefined;
    return href === undefined ? undefined : { act: 'go', href };
  }
  switch (key) {
    case 'j':
      return { act: 'row', step: 1 };
    case 'k':
      return { act: 'row', step: -1 };
    case '/':
      return { act: 'search' };
    case '?':
      return { act: 'help' };
    case '[':
    case ']':
      return { act: 'press', key };
    default:
      return undefined;
  }
}

/** The keys of the whole console; whoever types in a field, or has a window open, keeps their letters. */
export function useKeys(open: (what: 'palette' | 'keys') => void): void {
  const [, go] = useLocation();
  useEffect(() => {
    let before = { key: '', at: 0 };
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        return open('palette');
      }
      // The first Escape empties a search field, which is the browser's doing; the next leaves it.
      if (event.key === 'Escape' && event.target instanceof HTMLInputElement && isEmptySearch(event.target))
        return event.target.blur();
      if (event.ctrlKey || event.metaKey || event.altKey || isTaken(event.target)) return;
      const last = event.timeStamp - before.at < patience ? before.key : '';
      before = { key: event.key, at: event.timeStamp };
      const asked = askedBy(event.key, last);
      if (asked === undefined) return;
      event.preventDefault();
      before = { key: '', at: 0 };
      if (asked.act === 'row') moveRow(asked.step);
      else if (asked.act === 'go') go(asked.href);
      else if (asked.act === 'help') open('keys');
      else if (asked.act === 'press')
        document.querySelector<HTMLButtonElement>(`main [data-key="${asked.key}"]:enabled`)?.click();
      else document.querySelector<HTMLElement>('main input[type="search"], main [data-search]')?.focus();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [go, open]);
}

function isEmptySearch({ type, value }: HTMLInputElement): boolean {
  return type === 'search' && value === '' && document.querySelector('dialog[open]') === null;
}

/** Where letters are typed, or a window is open. */
function isTaken(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open]') !== null) return true;
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || ['TEXTAREA', 'SELECT'].includes(target.tagName)) return true;
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button'].includes(target.type);
}

/** The focus to the next row of the page, on what opens it. */
function moveRow(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('main tbody tr, main .row')].flatMap((row) => {
    const opener = row.querySelector<HTMLElement>('.row-link, .lead a, .lead button, summary, a, button');
    return opener === null ? [] : [{ row, opener }];
  });
  const at = rows.findIndex(({ row }) => row.contains(document.activeElement));
  const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step];
  next?.opener.focus();
  next?.row.scrollIntoView({ block: 'nearest' });
}
