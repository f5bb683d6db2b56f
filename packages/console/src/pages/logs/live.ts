import type { EventPageView } from '@kydai/contracts';
import { useEffect, useState } from 'react';
import { tailAddress } from './ask.ts';

type EventRow = EventPageView['events'][number];
/** Rows that a live view keeps: older ones are found by a search. */
const kept = 200;

export interface LiveRows {
  readonly rows: readonly EventRow[];
  /** More came than could be shown. */
  readonly behind: boolean;
}

/** Events that match as they come, newest first, while `on`. They are shown four times a second, not one by one. */
export function useLive(q: string, on: boolean): LiveRows {
  const [state, setState] = useState<LiveRows>({ rows: [], behind: false });
  useEffect(() => {
    setState({ rows: [], behind: false });
    if (!on) return undefined;
    let waiting: EventRow[] = [];
    const source = new EventSource(tailAddress(q));
    source.addEventListener('event', (event) => {
      waiting.push(JSON.parse((event as MessageEvent<string>).data) as EventRow);
      if (waiting.length > kept) waiting = waiting.slice(-kept);
    });
    source.addEventListener('behind', () => setState((before) => ({ ...before, behind: true })));
    const timer = setInterval(() => {
      if (waiting.length === 0) return;
      const fresh = waiting.reverse();
      waiting = [];
      setState((before) => ({ ...before, rows: [...fresh, ...before.rows].slice(0, kept) }));
    }, 250);
    return () => {
      clearInterval(timer);
      source.close();
    };
  }, [q, on]);
  return state;
}
