import { useState } from 'react';

export interface SavedQuery {
  readonly name: string;
  readonly search: string;
}

export const defaultColumns: readonly string[] = ['event.dataset', 'message'];

/** Keeps a value in this browser under a name; what cannot be read again is the fallback. */
export function useRemembered<T>(name: string, fallback: T): readonly [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => {
    try {
      const text = localStorage.getItem(`kydai.${name}`);
      return text === null ? fallback : (JSON.parse(text) as T);
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
