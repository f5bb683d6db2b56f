import { describe, expect, it } from 'vitest';
import { RunningQueries } from './running.ts';

describe('running questions', () => {
  it('tell their share while they are answered, together under one name, and nothing afterwards', async () => {
    const running = new RunningQueries();
    const first = Promise.withResolvers<string>();
    const second = Promise.withResolvers<string>();
    let tell: ((share: number) => void) | undefined;
    const answers = [
      running.watch('a', (progress) => {
        tell = progress;
        return first.promise;
      }),
      running.watch('a', () => second.promise),
    ];
    expect(running.view('a')).toMatchObject({ share: null });
    tell?.(0.5);
    expect(running.view('a')?.share).toBe(0.25);
    second.resolve('two');
    await answers[1];
    expect(running.view('a')?.share).toBe(0.75);
    expect(running.view('b')).toBeUndefined();
    first.resolve('one');
    expect(await Promise.all(answers)).toEqual(['one', 'two']);
    expect(running.view('a')).toBeUndefined();
  });

  it('are forgotten when they fail, and need no name', async () => {
    const running = new RunningQueries();
    const failing = running.watch('a', () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(running.view('a')).toBeUndefined();
    expect(await running.watch(undefined, async (progress) => progress)).toBeUndefined();
  });
});
