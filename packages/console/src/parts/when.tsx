import { useSettings } from '../language/settings.tsx';
import { useNow } from './now.ts';

/** A moment as people say it, with the exact time on hover and for machines. */
export function When({ at, exact = false }: { at: number; exact?: boolean }) {
  const { format } = useSettings();
  const now = useNow();
  const full = format.exact(at);
  const relative = format.relative(at, now);
  return (
    <time className="when" dateTime={new Date(at).toISOString()} title={exact ? relative : full}>
      {exact ? (
        full
      ) : (
        <>
          <span className="no-print">{relative}</span>
          <span className="print-only">{full}</span>
        </>
      )}
    </time>
  );
}
