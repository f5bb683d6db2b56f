import type { RunningQueryView } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useSettings } from '../../language/settings.tsx';
import { runningQuery } from './ask.ts';

/** A question that is answered sooner needs no word about how far it is. */
const soon = 800;

/** How far a question is that takes its time, and the way to end it. */
export function Progress({ track, busy, cancel }: { track: string; busy: boolean; cancel: () => void }) {
  const { t, format } = useSettings();
  const [late, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (!busy) return undefined;
    const timer = setTimeout(() => setLate(true), soon);
    return () => clearTimeout(timer);
  }, [busy]);
  const { data } = useQuery({ ...runningQuery(track), enabled: late && busy });
  if (!late || !busy) return null;
  return (
    <div className="progress" role="status">
      <progress {...shareOf(data)} aria-label={t('logs.searching')} />
      <span className="hint figures">
        {t('logs.searching')} · {format.duration(data?.elapsed ?? soon)}
      </span>
      <button type="button" className="button quiet" onClick={cancel}>
        {t('logs.cancel')}
      </button>
    </div>
  );
}

/** A bar without a value is one that only moves. */
function shareOf(data: RunningQueryView | undefined): { readonly value?: number } {
  return typeof data?.share === 'number' && data.share > 0 ? { value: data.share } : {};
}
