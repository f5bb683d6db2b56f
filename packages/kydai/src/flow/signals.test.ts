import type { Signal } from '@kydai/contracts';
import { describe, expect, it } from 'vitest';
import { createSignals } from './signals.ts';

const signal = { type: 'device' } as unknown as Signal;

describe('signals', () => {
  it('reach every listener in order, and a listener that throws is reported and stops no one', () => {
    const heard: string[] = [];
    const errors: unknown[] = [];
    const signals = createSignals((error) => errors.push(error));
    signals.subscribe(() => heard.push('first'));
    signals.subscribe(() => {
      throw new Error('broken');
    });
    const stop = signals.subscribe(() => heard.push('last'));
    signals.publish(signal);
    stop();
    signals.publish(signal);
    expect(heard).toEqual(['first', 'last', 'first']);
    expect(errors).toHaveLength(2);
  });
});
