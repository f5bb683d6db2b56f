import { type KeyboardEvent, type PointerEvent, useRef, useState } from 'react';
import { useSettings } from '../language/settings.tsx';
import { useNow } from './now.ts';

export interface Bar {
  /** Start of the interval, epoch milliseconds. */
  readonly time: number;
  readonly count: number;
  /** A second figure, drawn as a mark above the bar: how many alerts. */
  readonly marked?: number;
}

const width = 1000;

/** The first round number that is not smaller: the top of the scale. */
export function niceTop(max: number): number {
  if (max <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(max));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((top) => top >= max) ?? max;
}

/**
 * Counts over time as bars. With `brush`, a drag (or arrow keys with Shift, then Enter) chooses a span of time. SVG,
 * stretched to its box; the words around it are HTML so that they are never distorted.
 */
export function TimeBars({
  bars,
  interval,
  label,
  brush,
  countLabel,
  markedLabel,
}: {
  bars: readonly Bar[];
  interval: number;
  label: string;
  brush?: (from: number, to: number) => void;
  countLabel: string;
  markedLabel?: string;
}) {
  const { t, format } = useSettings();
  const now = useNow();
  const frame = useRef<HTMLDivElement>(null);
  const [span, setSpan] = useState<{ readonly anchor: number; readonly head: number }>();
  const [at, setAt] = useState<number>();
  const top = niceTop(Math.max(0, ...bars.map((bar) => bar.count)));
  const first = bars[0];
  const last = bars.at(-1);
  if (!first || !last) return null;
  const step = width / bars.length;
  const peak = bars.reduce((best, bar) => (bar.count > best.count ? bar : best), first);
  const low = span ? Math.min(span.anchor, span.head) : undefined;
  const high = span ? Math.max(span.anchor, span.head) : undefined;

  const indexAt = (event: PointerEvent): number => {
    const box = frame.current!.getBoundingClientRect();
    const share = (event.clientX - box.left) / Math.max(1, box.width);
    return Math.min(bars.length - 1, Math.max(0, Math.floor(share * bars.length)));
  };
  const choose = (): void => {
    if (brush && low !== undefined && high !== undefined) brush(bars[low]!.time, bars[high]!.time + interval);
    setSpan(undefined);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const move = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (move !== 0) {
      event.preventDefault();
      const next = Math.min(bars.length - 1, Math.max(0, (at ?? (move > 0 ? -1 : bars.length)) + move));
      setAt(next);
      if (event.shiftKey && brush) setSpan({ anchor: span?.anchor ?? at ?? next, head: next });
      else setSpan(undefined);
    } else if (event.key === 'Enter' && span) choose();
    else if (event.key === 'Escape') {
      setSpan(undefined);
      setAt(undefined);
    }
  };
  const shown = at === undefined ? undefined : bars[at];
  // Bars of whole days are named by their days.
  const daily = interval >= 86_400_000;
  const named = (time: number) => (daily ? format.day(time) : format.short(time, now));

  return (
    <figure className="bars">
      <div
        ref={frame}
        className={brush ? 'bars-plot brushable' : 'bars-plot'}
        role="img"
        aria-label={`${label}. ${t('chart.summary', {
          n: bars.length,
          from: format.exact(first.time),
          to: format.exact(last.time + interval),
          max: peak.count,
          peak: format.exact(peak.time),
        })}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys walk over the bars and choose a span
        tabIndex={0}
        onKeyDown={onKeyDown}
        onPointerMove={(event) => {
          const index = indexAt(event);
          setAt(index);
          if (span && event.buttons & 1) setSpan({ anchor: span.anchor, head: index });
        }}
        onPointerDown={(event) => {
          if (!brush || event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          const index = indexAt(event);
          setSpan({ anchor: index, head: index });
        }}
        onPointerUp={() => (span && span.anchor !== span.head ? choose() : setSpan(undefined))}
        onPointerLeave={() => setAt(undefined)}
        onBlur={() => setAt(undefined)}
      >
        <svg viewBox={`0 0 ${width} 100`} preserveAspectRatio="none" aria-hidden="true">
          <line className="bars-grid" x1="0" x2={width} y1="50" y2="50" />
          <line className="bars-grid" x1="0" x2={width} y1="0.5" y2="0.5" />
          {bars.map((bar, index) => {
            const tall = bar.count === 0 ? 0 : Math.max(1.2, (bar.count / top) * 100);
            const chosen = low !== undefined && high !== undefined && index >= low && index <= high;
            return (
              <rect
                key={bar.time}
                className={chosen ? 'bar chosen' : index === at ? 'bar under' : 'bar'}
                x={index * step + step * 0.12}
                y={100 - tall}
                width={step * 0.76}
                height={tall}
              />
            );
          })}
        </svg>
        {bars.map((bar, index) =>
          bar.marked ? (
            <span
              key={bar.time}
              className="bars-mark"
              style={{ left: `${((index + 0.5) / bars.length) * 100}%` }}
              data-many={bar.marked > 9 ? true : undefined}
            />
          ) : null,
        )}
        <span className="bars-top figures">{format.compact(top)}</span>
        {shown && at !== undefined ? (
          <span
            className="bars-tip figures"
            style={{ left: `${Math.min(88, Math.max(12, ((at + 0.5) / bars.length) * 100))}%` }}
          >
            <strong>{format.number(shown.count)}</strong> {countLabel}
            {shown.marked !== undefined && markedLabel ? (
              <>
                {' · '}
                <strong>{format.number(shown.marked)}</strong> {markedLabel}
              </>
            ) : null}
            <br />
            {named(shown.time)}
            {daily ? null : `–${named(shown.time + interval)}`}
          </span>
        ) : null}
      </div>
      <figcaption className="bars-axis figures">
        <span>{named(first.time)}</span>
        <span>{named(bars[Math.floor(bars.length / 2)]!.time)}</span>
        <span>{named(daily ? last.time : last.time + interval)}</span>
      </figcaption>
    </figure>
  );
}
