import { X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import { useLive } from '../api/live.tsx';
import { useSettings } from '../language/settings.tsx';

const stay = 12_000;

/** Says the latest news in a corner, and aloud to a screen reader. */
export function News() {
  const { news } = useLive();
  const { t } = useSettings();
  const [gone, setGone] = useState(0);
  useEffect(() => {
    if (!news) return undefined;
    const timer = setTimeout(() => setGone(news.id), stay);
    return () => clearTimeout(timer);
  }, [news]);
  const shown = news && news.id > gone ? news : undefined;
  return (
    <div className="news" aria-live="polite" aria-atomic="true">
      {shown ? (
        <div className="news-item" data-urgent={shown.urgent || undefined}>
          <Link href={shown.href} onClick={() => setGone(shown.id)}>
            {shown.text}
          </Link>
          <button
            type="button"
            className="icon-button"
            onClick={() => setGone(shown.id)}
            aria-label={t('common.close')}
          >
            <X aria-hidden="true" />
          </button>
        </div>
      ) : null}
    </div>
  );
}
