import { en } from './en/index.ts';
import { vi } from './vi/index.ts';
import { visible } from './visible.ts';

export type Language = 'vi' | 'en';
export type Key = keyof typeof vi;

type Names<S extends string> = S extends `${string}{${infer Name}}${infer Rest}`
  ? (Name extends `${infer Number}:${string}` ? Number : Name) | Names<Rest>
  : never;

/** The values that a string needs, taken from its Vietnamese text: none for `nav.overview`, `n` for `common.total`. */
export type Values<K extends Key> = Names<(typeof vi)[K]>;

/** The arguments after the key: nothing for a plain string, a record of its placeholders otherwise. */
export type Fill<K extends Key> = [Values<K>] extends [never] ? [] : [Record<Values<K>, string | number>];

/** The keys of strings without placeholders. */
export type PlainKey = { [K in Key]: [Values<K>] extends [never] ? K : never }[Key];

export type Translate = <K extends Key>(key: K, ...fill: Fill<K>) => string;

const dictionaries: Readonly<Record<Language, Readonly<Record<Key, string>>>> = { vi, en };
const placeholder = /\{(\w+)(?::([^|{}]*)\|([^{}]*))?\}/g;

/**
 * Puts values into a text. `{n}` is replaced; `{n:item|items}` becomes its first word when `n` is 1, else the second.
 * Numbers are written in the way of `language`, and what is hidden in a text is shown.
 */
export function fillText(
  text: string,
  values: Readonly<Record<string, string | number>>,
  language: Language,
): string {
  return text.replace(placeholder, (whole, name: string, one?: string, many?: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    if (one !== undefined) return (value === 1 || value === '1' ? one : many) ?? '';
    return typeof value === 'number'
      ? value.toLocaleString(language === 'vi' ? 'vi-VN' : 'en-GB')
      : visible(value);
  });
}

/** The translator of one language. */
export function translator(language: Language): Translate {
  const dictionary = dictionaries[language];
  return (key, ...fill) =>
    fillText(dictionary[key], (fill[0] ?? {}) as Record<string, string | number>, language);
}

/** For keys made from data (`timeline.<code>`): whether the dictionaries know them. */
export function isKey(key: string): key is Key {
  return Object.hasOwn(vi, key);
}

/** Whether the first word of a text is a value. */
export function beginsWithValue(key: string, language: Language): boolean {
  return isKey(key) && dictionaries[language][key].startsWith('{');
}

/** Translates a key made from data with whatever values came with it; undefined when the key is unknown. */
export function translateData(
  key: string,
  values: Readonly<Record<string, string>>,
  language: Language,
): string | undefined {
  return isKey(key) ? fillText(dictionaries[language][key], values, language) : undefined;
}
