import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { createFormatter, type Formatter, type ZoneChoice } from './format.ts';
import { type Language, type Translate, translator } from './translate.ts';

export type Theme = 'system' | 'light' | 'dark';

/** What a reader chose and this browser remembers, with the translator and the formats that follow from it. */
export interface Settings {
  readonly language: Language;
  readonly theme: Theme;
  readonly zone: ZoneChoice;
  readonly notify: boolean;
  readonly t: Translate;
  readonly format: Formatter;
  change(choice: Partial<Choice>): void;
}

interface Choice {
  readonly language: Language;
  readonly theme: Theme;
  readonly zone: ZoneChoice;
  readonly notify: boolean;
}

const Context = createContext<Settings | undefined>(undefined);

/** Settings of this reader. */
export function useSettings(): Settings {
  const settings = useContext(Context);
  if (!settings) throw new Error('settings are used outside of their provider');
  return settings;
}

function remembered(name: string): string | null {
  try {
    return localStorage.getItem(`kydai.${name}`);
  } catch {
    return null;
  }
}

function remember(choice: Choice): void {
  try {
    for (const [name, value] of Object.entries(choice)) localStorage.setItem(`kydai.${name}`, String(value));
  } catch {
    // A browser that keeps nothing still shows everything.
  }
}

const oneOf = <T extends string>(value: string | null, choices: readonly T[]): T =>
  choices.find((choice) => choice === value) ?? choices[0]!;

export function SettingsProvider({ children, initial }: { children: ReactNode; initial?: Partial<Choice> }) {
  const [choice, setChoice] = useState<Choice>(() => ({
    language: oneOf(remembered('language'), ['vi', 'en']),
    theme: oneOf(remembered('theme'), ['system', 'light', 'dark']),
    zone: oneOf(remembered('zone'), ['vietnam', 'local', 'utc']),
    notify: remembered('notify') === 'true',
    ...initial,
  }));

  useEffect(() => {
    remember(choice);
    const root = document.documentElement;
    root.lang = choice.language;
    if (choice.theme === 'system') delete root.dataset['theme'];
    else root.dataset['theme'] = choice.theme;
  }, [choice]);

  const settings = useMemo<Settings>(
    () => ({
      ...choice,
      t: translator(choice.language),
      format: createFormatter(choice.language, choice.zone),
      change: (part) => setChoice((before) => ({ ...before, ...part })),
    }),
    [choice],
  );
  return <Context value={settings}>{children}</Context>;
}
