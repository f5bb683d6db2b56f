import type { Signal, SignalType } from '@kydai/contracts';

export type StreamState = 'live' | 'connecting' | 'offline';

/** What the stream needs of `EventSource`; tests bring one of their own. */
export interface Source {
  onopen: (() => void) | null;
  onerror: (() => void) | null;
  addEventListener(type: string, listener: (event: { readonly data: string }) => void): void;
  close(): void;
}

export interface StreamOptions {
  open(): Source;
  onSignal(signal: Signal): void;
  onState(state: StreamState): void;
  /** Called after a reconnection: signals were missed, so everything shown may be old. */
  onGap(): void;
  after(milliseconds: number, act: () => void): () => void;
}

const types: readonly SignalType[] = [
  'detection',
  'incident',
  'run',
  'containment',
  'device',
  'certificate',
  'decision',
  'ledger',
];
/** They come by the thousand and only say that a list is old: one in so many milliseconds is as good as all of them. */
const rests: ReadonlyMap<SignalType, number> = new Map([
  ['decision', 1000],
  ['ledger', 5000],
]);
const firstDelay = 1000;
const longestDelay = 30_000;
/** The server beats every 15 seconds; three missed beats mean a connection that is dead without having closed. */
const silence = 45_000;
/** After so many failures in a row the mark says offline and no longer "reconnecting". */
const patience = 3;

/**
 * Keeps a server-sent-event stream open, with waits that double from 1 to 30 seconds between attempts. The browser's
 * own reconnection gives up for good on an answer that is not 200, so every attempt here is a new source. Returns the
 * function that ends it.
 */
export function keepStream(options: StreamOptions): () => void {
  let failures = 0;
  let hadConnection = false;
  let source: Source | undefined;
  let cancelTimer: (() => void) | undefined;
  let ended = false;
  let cancelWatch: (() => void) | undefined;

  const heard = (current: Source): void => {
    cancelWatch?.();
    cancelWatch = options.after(silence, () => {
      if (source === current) current.onerror?.();
    });
  };

  const hand = (data: string): void => {
    const signal = readSignal(data);
    if (signal && !ended) options.onSignal(signal);
  };
  /** The first at once, then the last of each rest; what lies between is not even parsed. */
  const held = new Map<SignalType, string | undefined>();
  const sparingly = (type: SignalType, data: string, rest: number): void => {
    if (held.has(type)) {
      held.set(type, data);
      return;
    }
    held.set(type, undefined);
    hand(data);
    options.after(rest, () => {
      const last = held.get(type);
      held.delete(type);
      if (last !== undefined) sparingly(type, last, rest);
    });
  };

  const connect = (): void => {
    if (ended) return;
    const current = options.open();
    source = current;
    current.onopen = () => {
      if (ended) return;
      failures = 0;
      heard(current);
      options.onState('live');
      if (hadConnection) options.onGap();
      hadConnection = true;
    };
    current.onerror = () => {
      if (ended || source !== current) return;
      current.close();
      source = undefined;
      cancelWatch?.();
      failures += 1;
      options.onState(failures >= patience ? 'offline' : 'connecting');
      cancelTimer = options.after(Math.min(longestDelay, firstDelay * 2 ** (failures - 1)), connect);
    };
    for (const type of types) {
      current.addEventListener(type, (event) => {
        heard(current);
        const rest = rests.get(type);
        if (rest === undefined) hand(event.data);
        else sparingly(type, event.data, rest);
      });
    }
    current.addEventListener('beat', () => heard(current));
    // The server dropped signals that we were too slow to take: everything shown may be old.
    current.addEventListener('reset', () => {
      heard(current);
      if (!ended) options.onGap();
    });
  };

  options.onState('connecting');
  connect();
  return () => {
    ended = true;
    cancelTimer?.();
    cancelWatch?.();
    source?.close();
  };
}

/** A signal from its JSON; undefined when it is none of those we know (a newer server may send more). */
export function readSignal(data: string): Signal | undefined {
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
    return types.includes(value.type as SignalType) ? (value as Signal) : undefined;
  } catch {
    return undefined;
  }
}
