import { Visible } from './visible.tsx';

/**
 * Long identifiers cut in the middle: digests (32 hex digits or more) and UUIDs keep their ends, everything else stays.
 * Two of ours differ at their ends, so the short form still tells them apart on one page.
 */
export function shorten(text: string): string {
  return text
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, (id) => ends(id))
    .replace(/\b[0-9a-f]{32,}\b/gi, (digest) => ends(digest));
}

const ends = (id: string): string => `${id.slice(0, 4)}…${id.slice(-4)}`;

/** An identifier as people compare it, whole on hover and when copied. */
export function Reference({ text }: { text: string }) {
  const short = shorten(text);
  return (
    <span className="mono" title={short === text ? undefined : text}>
      <Visible text={short} />
    </span>
  );
}
