import type { TimelineEntry } from '@kydai/contracts';
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
import { useSettings } from '../../language/settings.tsx';
import { isKey, type Language, translateData, translator } from '../../language/translate.ts';

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

/**
 * A timeline entry in the reader's language. Its code may be known with or without the kind before it; an entry that
 * this console has no words for is shown by its code and values rather than hidden.
 */
export function tell(entry: TimelineEntry, language: Language): string {
  const values: Record<string, string> = { by: entry.actor, ...entry.values };
  const state = `state.${values['state'] ?? ''}`;
  if (isKey(state)) values['state'] = translator(language)(state as 'state.new');
  for (const key of [`timeline.${entry.code}`, `timeline.${entry.kind}.${entry.code}`]) {
    const text = translateData(key, values, language);
    if (text !== undefined) return text;
  }
  const shown = Object.values(entry.values).filter(Boolean).join(' · ');
  return shown ? `${entry.code}: ${shown}` : entry.code;
}

/** The story of an incident, newest at the top. */
export function Story({ entries }: { entries: readonly TimelineEntry[] }) {
  const { t, format, language } = useSettings();
  const days = new Map<string, TimelineEntry[]>();
  for (const entry of [...entries].sort((a, b) => b.at - a.at)) {
    const day = format.date(entry.at);
    days.set(day, [...(days.get(day) ?? []), entry]);
  }
  const who = (actor: string): string => {
    const [kind, ...rest] = actor.split(':');
    const key = `actor.${kind}`;
    const name = rest.join(':');
    return isKey(key) ? `${t(key as 'actor.system')}${name ? ` ${name}` : ''}` : name || actor;
  };
  return [...days].map(([day, list]) => (
    <section key={day} className="story">
      <h3 className="story-day figures">{day}</h3>
      <ol>
        {list.map((entry, index) => {
          const Icon = icons[entry.kind];
          const comment = entry.values['comment'] ?? entry.values['text'];
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: entries have no id; those of one moment keep their order
            <li key={`${entry.at} ${entry.code} ${index}`} data-kind={entry.kind}>
              <time className="figures" dateTime={new Date(entry.at).toISOString()}>
                {format.clock(entry.at, true)}
              </time>
              <span className="story-icon">
                <Icon aria-hidden="true" />
              </span>
              <div>
                <p>{tell(entry, language)}</p>
                {comment ? <q>{comment}</q> : null}
                <p className="hint">{who(entry.actor)}</p>
              </div>
            </li>
          );
        })}
      </ol>
    </section>
  ));
}
