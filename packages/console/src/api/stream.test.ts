import { describe, expect, it } from 'vitest';
import { keepStream, readSignal, type Source, type StreamState } from './stream.ts';

/** A stage: sources opened so far, states announced, and waits that pass when told. */
function stage() {
  const sources: (Source & { listeners: Map<string, (event: { data: string }) => void>; closed: boolean })[] =
    [];
  const states: StreamState[] = [];
  const waits: { milliseconds: number; act: () => void; cancelled: boolean }[] = [];
  const signals: unknown[] = [];
  let gaps = 0;
  const end = keepStream({
    open: () => {
      const listeners = new Map<string, (event: { data: string }) => void>();
      const source = {
        onopen: null,
        onerror: null,
        listeners,
        closed: false,
        addEventListener: (type: string, listener: (event: { data: string }) => void) => {
          listeners.set(type, listener);
        },
        close() {
          this.closed = true;
        },
      };
      sources.push(source);
      return source;
    },
    onSignal: (signal) => signals.push(signal),
    onState: (state) => states.push(state),
    onGap: () => {
      gaps += 1;
    },
    after: (milliseconds, act) => {
      const wait = { milliseconds, act, cancelled: false };
      waits.push(wait);
      return () => {
        wait.cancelled = true;
      };
    },
  });
  return { sources, states, waits, signals, gaps: () => gaps, end };
}

describe('the live stream', () => {
  it('waits longer after each failure, up to half a minute, and says offline after three', () => {
    const { sources, states, waits } = stage();
    for (let attempt = 0; attempt < 8; attempt += 1) {
      sources.at(-1)!.onerror!();
      waits.at(-1)!.act();
    }
    expect(waits.map((wait) => wait.milliseconds)).toEqual([
      1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
    ]);
    expect(states.slice(0, 4)).toEqual(['connecting', 'connecting', 'connecting', 'offline']);
    expect(sources.slice(0, -1).every((source) => source.closed)).toBe(true);
  });

  it('reports a gap after a reconnection but not after the first connection', () => {
    const { sources, waits, states, gaps } = stage();
    sources[0]!.onopen!();
    expect(gaps()).toBe(0);
    sources[0]!.onerror!();
    waits.at(-1)!.act();
    sources[1]!.onopen!();
    expect(gaps()).toBe(1);
    expect(states.at(-1)).toBe('live');
  });

  it('gives up a connection that has been silent for three beats', () => {
    const { sources, waits, states } = stage();
    sources[0]!.onopen!();
    sources[0]!.listeners.get('beat')!({ data: '{}' });
    const watch = waits.at(-1)!;
    expect([watch.milliseconds, watch.cancelled, waits[0]!.cancelled]).toEqual([45_000, false, true]);
    watch.act();
    expect(sources[0]!.closed).toBe(true);
    expect(states.at(-1)).toBe('connecting');
  });

  it('reads everything again when the server had to drop signals', () => {
    const { sources, gaps } = stage();
    sources[0]!.onopen!();
    sources[0]!.listeners.get('reset')!({ data: '{}' });
    expect(gaps()).toBe(1);
  });

  it('hands over signals, and drops garbage and types that it does not know', () => {
    const { sources, signals } = stage();
    const send = (data: string) => sources[0]!.listeners.get('device')!({ data });
    send('{"type":"device","device":{}}');
    send('not json');
    send('null');
    send('{"type":"weather"}');
    expect(signals).toEqual([{ type: 'device', device: {} }]);
    expect(readSignal('[]')).toBeUndefined();
  });

  it('takes one decision a second out of thousands, and never loses the last', () => {
    const { sources, waits, signals } = stage();
    const before = waits.length;
    for (let at = 0; at < 5000; at += 1)
      sources[0]!.listeners.get('decision')!({ data: `{"type":"decision","at":${at}}` });
    expect(signals).toEqual([{ type: 'decision', at: 0 }]);
    const resting = waits.slice(before).filter((wait) => wait.milliseconds === 1000);
    expect(resting).toHaveLength(1);
    resting[0]!.act();
    expect(signals.at(-1)).toEqual({ type: 'decision', at: 4999 });
  });

  it('falls silent once it is ended', () => {
    const { sources, waits, signals, end } = stage();
    sources[0]!.onerror!();
    end();
    expect(waits[0]!.cancelled).toBe(true);
    waits[0]!.act();
    expect(sources).toHaveLength(1);
    sources[0]!.listeners.get('run')?.({ data: '{"type":"run"}' });
    expect(signals).toEqual([]);
  });
});
