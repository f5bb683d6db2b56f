import type { IncidentView, Signal } from '@kydai/contracts';
import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { playbookNameOf, stepNameOf, titleOf } from '../language/named.ts';
import { useSettings } from '../language/settings.tsx';
import type { Language, Translate } from '../language/translate.ts';
import { affected, gather, withRun } from './affected.ts';
import { paths } from './paths.ts';
import { keepStream, type Source, type StreamState } from './stream.ts';

interface Live {
  readonly state: StreamState;
  /** The last thing worth saying aloud, for the live region and the toast. */
  readonly news: News | undefined;
}

export interface News {
  readonly id: number;
  readonly text: string;
  readonly href: string;
  readonly urgent: boolean;
}

const Context = createContext<Live>({ state: 'connecting', news: undefined });

/** State of the live connection, and the latest news from it. */
export function useLive(): Live {
  return useContext(Context);
}

const throttle = 900;

export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const { t, notify, language } = useSettings();
  const [state, setState] = useState<StreamState>('connecting');
  const [news, setNews] = useState<News>();
  const say = useRef<(signal: Signal) => void>(() => undefined);

  useEffect(() => {
    say.current = (signal) => {
      const said = describe(signal, t, language);
      if (!said) return;
      setNews((before) => ({ ...said, id: (before?.id ?? 0) + 1 }));
      if (said.urgent && notify && 'Notification' in window && Notification.permission === 'granted') {
        new Notification(t('app.name'), { body: said.text, tag: said.href });
      }
    };
  }, [t, notify, language]);

  useEffect(() => {
    const touch = gather(
      (keys) => {
        for (const queryKey of keys) void client.invalidateQueries({ queryKey: [...queryKey] });
      },
      throttle,
      (wait, act) => setTimeout(() => whenSeen(act), wait),
    );
    return keepStream({
      open: () => new EventSource(paths.stream) as unknown as Source,
      onState: setState,
      onGap: () => void client.invalidateQueries(),
      after: (wait, act) => {
        const timer = setTimeout(act, wait);
        return () => clearTimeout(timer);
      },
      onSignal: (signal) => {
        if (signal.type === 'run') {
          client.setQueryData<IncidentView>(['incident', signal.run.incidentId], (view) =>
            withRun(view, signal.run),
          );
        }
        touch(affected(signal));
        say.current(signal);
      },
    });
  }, [client]);

  const live = useMemo(() => ({ state, news }), [state, news]);
  return <Context value={live}>{children}</Context>;
}

/** A page in the background asks for nothing: what it missed is asked for once, when somebody looks again. */
function whenSeen(act: () => void): void {
  if (document.hidden) document.addEventListener('visibilitychange', () => whenSeen(act), { once: true });
  else act();
}

/** Only what a person on watch should hear: a new incident, a step that waits, a proven containment. */
function describe(signal: Signal, t: Translate, language: Language): Omit<News, 'id'> | undefined {
  if (signal.type === 'incident' && signal.incident.state === 'new' && signal.incident.detectionCount <= 1) {
    const { number, id } = signal.incident;
    const title = titleOf(signal.incident, language);
    return { text: t('live.newIncident', { number, title }), href: `/incidents/${id}`, urgent: true };
  }
  if (signal.type === 'run') {
    const step = signal.run.steps.find((one) => one.state === 'waiting-approval');
    if (!step) return undefined;
    const text = t('live.waiting', {
      number: playbookNameOf(signal.run, language),
      step: stepNameOf(step, language),
    });
    return { text, href: `/incidents/${signal.run.incidentId}`, urgent: true };
  }
  if (signal.type === 'containment' && signal.proof.effective) {
    const { incidentId, target } = signal.containment;
    const href = incidentId ? `/incidents/${incidentId}` : '/devices';
    return { text: t('live.contained', { target: target.id }), href, urgent: false };
  }
  return undefined;
}
