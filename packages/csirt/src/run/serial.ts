/** Runs the tasks of one key one after the other, and those of different keys side by side. */
export type Serial = <T>(key: string, task: () => Promise<T>) => Promise<T>;

/** `pending` lists what is under way; it empties by itself. */
export function createSerial(): {
  readonly serial: Serial;
  readonly pending: () => readonly Promise<unknown>[];
} {
  const chains = new Map<string, Promise<unknown>>();
  return {
    pending: () => [...chains.values()],
    serial: (key, task) => {
      const next = (chains.get(key) ?? Promise.resolve()).then(task, task);
      const held = next.then(
        () => undefined,
        () => undefined,
      );
      chains.set(key, held);
      void held.then(() => {
        if (chains.get(key) === held) chains.delete(key);
      });
      return next;
    },
  };
}
