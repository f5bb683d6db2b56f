import type { EventPageView } from '@kydai/contracts';
import { ChevronRight } from 'lucide-react';
import { Fragment, type RefObject, useEffect, useRef, useState } from 'react';
import { useSettings } from '../../language/settings.tsx';
import { Visible } from '../../parts/visible.tsx';
import { Detail } from './detail.tsx';

type EventRow = EventPageView['events'][number];

/** Rows that come and go together: only what is near the window is in the page. */
const together = 50;
/** How far from the window rows are still in the page. */
const margin = '1500px';

/** A field of an event as one line of text; `message` falls back to the raw line. */
function fieldText(event: EventRow, name: string): string {
  if (name === 'raw') return event.raw;
  if (name === 'source' || name === 'id') return event[name];
  if (name === 'event.dataset') return event.dataset;
  const value = event.fields[name];
  if (value === undefined || value === null) return name === 'message' ? event.raw : '';
  return Array.isArray(value) ? value.join(', ') : String(value);
}

interface Shown {
  readonly columns: readonly string[];
  readonly narrow: (term: string, exclude: boolean) => void;
  readonly toggleColumn: (name: string) => void;
}

/** The found events, each of which opens into its fields and raw line. However many there are, few are in the page. */
export function Results({ events, ...shown }: Shown & { events: readonly EventRow[] }) {
  const { t } = useSettings();
  const [open, setOpen] = useState<string>();
  const { columns } = shown;
  const groups = Array.from({ length: Math.ceil(events.length / together) }, (_, at) => at * together);
  return (
    <div className="table-frame">
      <table className="table events" aria-rowcount={events.length + 1}>
        <caption className="visually-hidden">{t('logs.title')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('common.time')}</th>
            {columns.map((column) => (
              <th
                key={column}
                scope="col"
                className={column === 'message' || column === 'raw' ? 'wide' : undefined}
              >
                {column}
              </th>
            ))}
          </tr>
        </thead>
        {groups.map((first) => (
          <Group
            key={first}
            first={first}
            events={events.slice(first, first + together)}
            open={open}
            setOpen={setOpen}
            {...shown}
          />
        ))}
      </table>
    </div>
  );
}

/** Rows that are in the page while they are near the window, and an empty row of their height otherwise. */
function Group({
  first,
  events,
  open,
  setOpen,
  ...shown
}: Shown & {
  first: number;
  events: readonly EventRow[];
  open: string | undefined;
  setOpen: (id: string | undefined) => void;
}) {
  const body = useRef<HTMLTableSectionElement>(null);
  const away = useAway(body);
  if (away !== undefined)
    return (
      <tbody ref={body} aria-hidden="true">
        <tr className="event-away">
          <td colSpan={shown.columns.length + 1} height={away} />
        </tr>
      </tbody>
    );
  return (
    <tbody ref={body}>
      {events.map((event, at) => (
        <Row
          key={event.id}
          event={event}
          place={first + at + 2}
          isOpen={open === event.id}
          toggle={() => setOpen(open === event.id ? undefined : event.id)}
          {...shown}
        />
      ))}
    </tbody>
  );
}

/** The height that an element had when it left the surroundings of the window; undefined while it is near. */
function useAway(element: RefObject<HTMLTableSectionElement | null>): number | undefined {
  const [height, setHeight] = useState<number>();
  useEffect(() => {
    const watched = element.current;
    if (watched === null || !('IntersectionObserver' in window)) return undefined;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry === undefined) return;
        setHeight(entry.isIntersecting ? undefined : Math.round(entry.boundingClientRect.height));
      },
      { rootMargin: `${margin} 0px` },
    );
    observer.observe(watched);
    return () => observer.disconnect();
  }, [element]);
  return height;
}

function Row({
  event,
  place,
  isOpen,
  toggle,
  columns,
  narrow,
  toggleColumn,
}: Shown & { event: EventRow; place: number; isOpen: boolean; toggle: () => void }) {
  const { format } = useSettings();
  const at = Date.parse(event.time);
  return (
    <Fragment>
      <tr data-open={isOpen || undefined} aria-rowindex={place}>
        <td className="lead figures">
          <button type="button" className="row-link event-time" aria-expanded={isOpen} onClick={toggle}>
            <ChevronRight aria-hidden="true" />
            <time className="mono" dateTime={event.time} title={format.exact(at)}>
              <span className="event-day">{format.date(at).slice(0, 5)}</span> {format.clock(at, true)}
            </time>
          </button>
        </td>
        {columns.map((column) => (
          <td
            key={column}
            data-label={column}
            className={column === 'message' || column === 'raw' ? 'wide mono event-text' : 'mono event-text'}
          >
            <Visible text={fieldText(event, column)} />
          </td>
        ))}
      </tr>
      {isOpen ? (
        <tr className="event-open">
          <td colSpan={columns.length + 1}>
            <Detail event={event} columns={columns} narrow={narrow} toggleColumn={toggleColumn} />
          </td>
        </tr>
      ) : null}
    </Fragment>
  );
}
