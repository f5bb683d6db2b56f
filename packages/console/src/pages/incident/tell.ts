import type { TimelineEntry } from '@kydai/contracts';
import { filled } from '../../language/named.ts';
import { say } from '../../language/phrases.ts';
import { isKey, type Language, translateData, translator } from '../../language/translate.ts';

/** One entry of a story in words: what happened, and below it why or with what proof. */
export interface Told {
  readonly text: string;
  readonly detail?: string;
  /** What a person wrote, in their own words. */
  readonly quote?: string;
}

/** Values that are ids or repeat what the text says; they never make a line of their own. */
const quiet = new Set(['detection', 'run', 'level', 'from', 'to', 'audience', 'ruleVi']);

/**
 * A timeline entry in the reader's language. `names` maps English names of steps and playbooks to the reader's. An
 * entry that this console has no words for is shown by its code and values rather than hidden.
 */
export function tell(
  entry: TimelineEntry,
  language: Language,
  names: ReadonlyMap<string, string> = new Map(),
): Told {
  const t = translator(language);
  const values: Record<string, string> = { ...entry.values };
  values['by'] = personOf(values['by'] ?? entry.actor);
  for (const name of ['step', 'playbook'] as const) {
    const value = values[name];
    if (value !== undefined) values[name] = names.get(value) ?? value;
  }
  if (language === 'vi' && values['ruleVi']) values['rule'] = values['ruleVi'];
  const audience = `audience.${values['audience']}`;
  if (isKey(audience)) values['audience'] = t(audience as 'audience.soc');
  for (const name of ['from', 'to']) {
    const value = values[name];
    for (const key of [`state.${value}`, `level.${value}`]) {
      if (isKey(key)) values[name] = t(key as 'state.new');
    }
  }
  if (values['what']) values['what'] = sayContainment(values['what'], language);
  if (values['outcome']) values['outcome'] = sayContainment(values['outcome'], language);
  const quote = values['comment'];
  const said = quote ? { quote } : {};
  if (entry.code === 'notice') {
    const text = (language === 'vi' ? values['vi'] : values['en']) ?? values['en'] ?? entry.code;
    return {
      text: filled(text, language),
      detail: t('timeline.notice', { audience: values['audience'] ?? '' }),
    };
  }
  const text = translateData(`timeline.${entry.code}`, values, language);
  const detail = say(entry.phrases, values['reason'] ?? values['outcome'] ?? values['evidence'], language);
  if (text !== undefined) return { text, ...said, ...(detail ? { detail } : {}) };
  const shown = Object.entries(entry.values)
    .filter(([name, value]) => value && name !== 'comment' && !quiet.has(name))
    .map(([, value]) => value)
    .join(' · ');
  return { text: shown ? `${entry.code}: ${shown}` : entry.code, ...said };
}

/** `quarantine-device device:cam-001` in words; anything else comes back as it is. */
export function sayContainment(what: string, language: Language): string {
  const [, action, target] = /^([a-z-]+) [a-z]+:(\S+)$/.exec(what) ?? [];
  if (!action || !target) return what;
  return translateData(`contain.${action}`, { target }, language) ?? what;
}

/** `user:lan.tran` as `lan.tran`; other actors as they are. */
export function personOf(actor: string): string {
  return actor.replace(/^user:/, '');
}
