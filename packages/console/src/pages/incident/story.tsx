import type { PlaybookRun, TimelineEntry } from '@kydai/contracts';
import {
  Bell,
  Check,
  Flag,
  Hand,
  type LucideIcon,
  MessageSquare,
  Play,
  Scale,
  ShieldCheck,
} from 'lucide-react';
import { glossary } from '../../language/named.ts';
import { useSettings } from '../../language/settings.tsx';
import { isKey } from '../../language/translate.ts';
import { shorten } from '../../parts/reference.tsx';
import { Visible } from '../../parts/visible.tsx';
import { tell } from './tell.ts';

const icons: Readonly<Record<TimelineEntry['kind'], LucideIcon>> = {
  detection: Bell,
  state: Flag,
  run: Play,
  step: Check,
  approval: Hand,
  containment: ShieldCheck,
  comment: MessageSquare,
  obligation: Scale,
};

/** The story of an incident, newest at the top, a heading for each day. */
export function Story({
  entries,
  runs,
}: {
  entries: readonly TimelineEntry[];
  runs: readonly PlaybookRun[];
}) {
  const { t, format, language } = useSettings();
  const names = glossary(runs, language);
  const days = new Map<string, TimelineEntry[]>();
  for (const entry of [...entries].reverse().sort((a, b) => b.at - a.at)) {
    const day = format.date(entry.at);
    days.set(day, [...(days.get(day) ?? []), entry]);
  }
  const who = (actor: string): string => {
    const [kind, ...rest] = actor.split(':');
    const key = `actor.${kind}`;
    const id = rest.join(':');
    const name = names.get(id) ?? id;
    return isKey(key) ? `${t(key as 'actor.system')}${name ? ` ${name}` : ''}` : name || actor;
  };
  return (
    <div className="stories">
      {[...days].map(([day, list]) => (
        <section key={day} className="story">
          <h3 className="story-day figures">{day}</h3>
          <ol>
            {list.map((entry, index) => {
              const Icon = icons[entry.kind];
              const told = tell(entry, language, names);
              return (
                // biome-ignore lint/suspicious/noArrayIndexKey: entries have no id; those of one moment keep their order
                <li key={`${entry.at} ${entry.code} ${index}`} data-kind={entry.kind} data-code={entry.code}>
                  <time className="mono" dateTime={new Date(entry.at).toISOString()}>
                    {format.clock(entry.at, true)}
                  </time>
                  <span className="story-icon">
                    <Icon aria-hidden="true" />
                  </span>
                  <div>
                    <p>
                      <Visible text={told.text} />
                    </p>
                    {told.quote ? (
                      <q>
                        <Visible text={told.quote} />
                      </q>
                    ) : null}
                    <p className="hint">
                      {told.detail ? (
                        <span className="story-detail">
                          <Visible text={shorten(told.detail)} /> ·{' '}
                        </span>
                      ) : null}
                      <Visible text={shorten(who(entry.actor))} />
                    </p>
                  </div>
                </li>
              );
            })}
          </ol>
        </section>
      ))}
    </div>
  );
}
