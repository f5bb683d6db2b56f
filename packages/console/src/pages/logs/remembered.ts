import { useState } from 'react';

export interface SavedQuery {
  readonly name: string;
  readonly search: string;
}

export const defaultColumns: readonly string[] = ['event.dataset', 'message'];

export const isColumns = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string');

export const isSaved = (value: unknown): value is readonly SavedQuery[] =>
  Array.isArray(value) &&
  value.every((one) => typeof one?.name === 'string' && typeof one?.search === 'string');

/** Keeps a value in this browser under a name; what cannot be read again, or is no `T` any more, is the fallback. */
export function useRemembered<T>(
  name: string,
  fallback: T,
  isOne: (value: unknown) => value is T,
): readonly [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => {
    try {
      const text = localStorage.getItem(`kydai.${name}`);
      const value: unknown = text === null ? undefined : JSON.parse(text);
      return isOne(value) ? value : fallback;
    } catch {
      return fallback;
    }
  });
  const change = (next: T) => {
    setValue(next);
    try {
      localStorage.setItem(`kydai.${name}`, JSON.stringify(next));
    } catch {
      // Kept for this visit only.
    }
  };
  return [value, change];
}
