import type { ObligationClock } from '@kydai/contracts';
import { useSettings } from '../language/settings.tsx';
import type { Language } from '../language/translate.ts';
import { useNow } from './now.ts';

export interface DeadlineView {
  readonly state: 'met' | 'met-late' | 'overdue' | 'close' | 'running';
  /** Milliseconds: left, overdue or late by, always positive. */
  readonly gap: number;
  /** How much of the time is used up, 0 to 1. */
  readonly used: number;
}

/** How a legal deadline stands at `now`. "Close" is the last quarter of its time. */
export function judgeDeadline(clock: ObligationClock, now: number): DeadlineView {
  const length = Math.max(1, clock.due - clock.started);
  const used = Math.min(1, Math.max(0, ((clock.met ?? now) - clock.started) / length));
  if (clock.met !== undefined) {
    const late = clock.met - clock.due;
    return late > 0 ? { state: 'met-late', gap: late, used: 1 } : { state: 'met', gap: -late, used };
  }
  const left = clock.due - now;
  if (left < 0) return { state: 'overdue', gap: -left, used: 1 };
  return { state: used >= 0.75 ? 'close' : 'running', gap: left, used };
}

/**
 * A legal deadline with its countdown and recipient; with `about` the incident it belongs to, without it the legal basis
 * and how far that was checked.
 */
export function Deadline({ clock, about }: { clock: ObligationClock; about?: string | undefined }) {
  const { t, format, language } = useSettings();
  const now = useNow('second');
  const { state, gap, used } = judgeDeadline(clock, now);
  const { obligation } = clock;
  const line =
    state === 'met'
      ? t('obligation.met', { time: format.exact(clock.met ?? 0) })
      : state === 'met-late'
        ? t('obligation.metLate', { duration: format.duration(gap) })
        : state === 'overdue'
          ? t('obligation.overdue', { duration: format.duration(gap) })
          : t('obligation.left', { duration: format.duration(gap) });
  return (
    <div className="deadline" data-state={state}>
      <div className="deadline-head">
        <strong>{obligation.title[language]}</strong>
        <span className="deadline-left figures">{line}</span>
      </div>
      <div className="deadline-bar" aria-hidden="true">
        <span style={{ width: `${used * 100}%` }} />
      </div>
      <p className="deadline-foot">
        <time dateTime={new Date(clock.due).toISOString()}>
          {t('obligation.due', { time: format.exact(clock.due) })}
        </time>
        {' · '}
        {obligation.recipient[language]}
        {about ? (
          <>
            {' · '}
            <span className="mono">{about}</span>
          </>
        ) : null}
      </p>
      {about === undefined ? (
        <p className="deadline-foot">
          {citationIn(obligation.citation, language)} · {t(`obligation.verified.${obligation.verified}`)}
        </p>
      ) : null}
    </div>
  );
}

/** `Decree 331/2026/NĐ-CP, Art 31.2.d` as a Vietnamese reader cites it. */
export function citationIn(citation: string, language: Language): string {
  if (language === 'en') return citation;
  return citation
    .replace(/\bDecree\b/g, 'Nghị định')
    .replace(/\bLaw\b/g, 'Luật')
    .replace(/\bCircular\b/g, 'Thông tư')
    .replace(/\bArt\b/g, 'Điều')
    .replace(/\bForm\b/g, 'Mẫu');
}
